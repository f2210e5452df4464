"""Organisations, teams, staff, roles and permissions, two-factor, invitations, tenancy."""
