"""The warm handoff: what is sent, how it is sealed, said, printed and exported. Pure but for sealing.

What changes rows is in `referrals/operations/`, what reads in `referrals/queries/`.
"""
