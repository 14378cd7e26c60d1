"""One module for each noun of the API, one method for each operation: route and payload in, JSON out."""
