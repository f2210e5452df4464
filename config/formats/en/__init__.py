"""English as in Britain: Django's `en` writes dates the American way."""
