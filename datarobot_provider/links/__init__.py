"""Links from a task to the page in DataRobot that shows what it works on."""
