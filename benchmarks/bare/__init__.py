"""The least that Django can do with a form: the yardstick for submitting a question."""
