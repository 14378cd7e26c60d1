"""No secret anywhere: faults that echo, cut and redirect, and everything that Airflow writes down while they happen."""
