"""The demo: two organisations with staff and questions, and a page with one click per role."""
