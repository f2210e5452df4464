"""Handing over, for counsellors, under /team/."""

from django.urls import URLPattern, path

from referrals.views import counsellor_handoff, partner_let_in

urlpatterns: list[URLPattern] = [
    path("vermittlungen/", counsellor_handoff.referrals, name="referrals"),
    path("vermittlungen/zahlen/", counsellor_handoff.figures, name="referral-figures"),
    path("faelle/<uuid:case>/vermitteln/", counsellor_handoff.suggest, name="referral-suggest"),
    path("faelle/<uuid:case>/gefahr/", counsellor_handoff.necessity, name="referral-necessity"),
    path("faelle/<uuid:case>/vermittlung/", counsellor_handoff.box, name="referral-box"),
    path(
        "faelle/<uuid:case>/vermittlung/<uuid:referral>/",
        counsellor_handoff.referral,
        name="referral",
    ),
    path(
        "faelle/<uuid:case>/vermittlung/<uuid:referral>/brief.pdf",
        counsellor_handoff.letter,
        name="referral-letter",
    ),
    path("verzeichnis/<uuid:service>/postfach/", partner_let_in.let_in, name="partner-let-in"),
]
