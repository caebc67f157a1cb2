"""What happened: the event log, its sound, recordings, and the turns that a log tells of."""
