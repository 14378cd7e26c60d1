"""Compare the provider with other providers and clients, and write ``docs/performance.md``: ``make bench``.

Each row (``waiting``, ``transfers``, ...) starts one process per measurement (``*_process``) and the servers it needs
(``*_server``). ``page`` renders the results, ``targets`` compares them with the required values.
"""
