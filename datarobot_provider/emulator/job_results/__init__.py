"""Results of the jobs: model tests, logs of dependency builds, feature impact."""
