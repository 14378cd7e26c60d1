"""Declaration and conversion of the arguments of a task."""
