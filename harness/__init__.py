"""A real Airflow and the emulator as child processes: what the demonstration, the benchmarks and the tests start."""
