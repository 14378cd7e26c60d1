"""An offline stand-in for the DataRobot public API v2.

It answers the custom-model, vector-database-validation and guard routes on a real socket, keeps its state in memory,
lets long jobs take their time, and holds every request and every response against the published contract. It shares no
code with the rest of this package: a stand-in that used the readers it is there to test would confirm their mistakes.

Start it from the command line with ``datarobot-emulator --token TOKEN``, or inside a test with
`datarobot_provider.emulator.web.server.running`.
"""
