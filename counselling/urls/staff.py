"""The team's pages about cases, under /team/."""

from django.urls import URLPattern, path

from counselling.views import approving, case, consulting, files, queue, reviews, writing

urlpatterns: list[URLPattern] = [
    path("", queue.queue, name="queue"),
    path("meine/", queue.my_cases, name="my-cases"),
    path("faelle/", queue.team_cases, name="team-cases"),
    path("pruefen/", reviews.to_review, name="reviews"),
    path("verpasst/", reviews.misses, name="misses"),
    path("verpasst/<uuid:review>/", reviews.miss, name="miss"),
    path("modelle/", reviews.comparison, name="model-comparison"),
    path("faelle/<uuid:case>/", case.case, name="case"),
    path(
        "faelle/<uuid:case>/datei/<uuid:attachment>/", files.case_attachment, name="case-attachment"
    ),
    path("faelle/<uuid:case>/uebernehmen/", case.claim, name="case-claim"),
    path("faelle/<uuid:case>/zurueckgeben/", case.release, name="case-release"),
    path("faelle/<uuid:case>/behalten/", case.stay, name="case-stay"),
    path("faelle/<uuid:case>/uebergeben/", case.hand_over, name="case-hand-over"),
    path("faelle/<uuid:case>/dringlichkeit/", case.urgency, name="case-urgency"),
    path("faelle/<uuid:case>/abschliessen/", case.close, name="case-close"),
    path("faelle/<uuid:case>/wieder-oeffnen/", case.reopen, name="case-reopen"),
    path("faelle/<uuid:case>/antwort/", writing.reply, name="case-reply"),
    path("freigaben/", approving.waiting, name="approvals"),
    path("konsultationen/", consulting.listed, name="consultations"),
    path("konsultationen/<uuid:consultation>/", consulting.consultation, name="consultation"),
    path("faelle/<uuid:case>/konsultation/", consulting.consult, name="case-consult"),
    path(
        "faelle/<uuid:case>/konsultation/<uuid:consultation>/beenden/",
        consulting.end,
        name="case-consultation-end",
    ),
    path("faelle/<uuid:case>/freigabe/", approving.submit, name="case-submit"),
    path("faelle/<uuid:case>/freigeben/", approving.decide, name="case-decide"),
    path("faelle/<uuid:case>/zurueckziehen/", approving.withdraw, name="case-withdraw"),
    path("faelle/<uuid:case>/notiz/", writing.note, name="case-note"),
    path("faelle/<uuid:case>/entwurf/", writing.draft, name="case-draft"),
    path("faelle/<uuid:case>/vorschau/", writing.preview, name="case-preview"),
]
