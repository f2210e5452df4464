"""Cases, messages, queues, answers: what Lotse exists for."""
