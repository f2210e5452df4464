"""What a member reads when an operation refuses: one plain sentence for each named exception."""

from django.utils.translation import gettext as _

from counselling import wording
from counselling.operations.approvals import ApprovalGone, MayNotApprove, WaitsAlready
from counselling.operations.attachments import NotStored, TooManyFiles
from counselling.operations.cases import ClaimedByOther, NobodyReads, NotHolder, SameTeam
from counselling.operations.claims import SecondPersonReads
from counselling.operations.consultations import (
    ConsultationGone,
    NobodyToAsk,
    OtherAnswer,
    Unchecked,
)
from counselling.operations.entries import CaseGone, DifferentText, Unread
from counselling.operations.messages import NeedsApproval
from counselling.operations.reviews import Unseen
from counselling.states import CaseState, ConsultationMoved, ConsultationState, IllegalMove
from vault.keyring import KeyUnavailable, NoKeyYet
from vault.sealing import SealBroken

LOCKED = (KeyUnavailable, SealBroken)
REFUSALS = (
    ApprovalGone,
    CaseGone,
    ClaimedByOther,
    ConsultationGone,
    ConsultationMoved,
    DifferentText,
    IllegalMove,
    MayNotApprove,
    NeedsApproval,
    NobodyReads,
    NobodyToAsk,
    NotHolder,
    NotStored,
    OtherAnswer,
    SameTeam,
    SecondPersonReads,
    TooManyFiles,
    Unchecked,
    Unread,
    Unseen,
    WaitsAlready,
    *LOCKED,
)


def words_for(refusal: Exception) -> str:
    """Return the sentence for a refusal that is among REFUSALS."""
    if isinstance(refusal, ClaimedByOther):
        return _claimed(refusal)
    if isinstance(refusal, IllegalMove):
        return _illegal(refusal)
    if isinstance(refusal, ConsultationMoved):
        return _consultation(refusal)
    sentences = {
        CaseGone: _("Diesen Fall gibt es nicht mehr. Die ratsuchende Person hat alles gelöscht."),
        NotHolder: _("Das geht nur, wenn Sie den Fall haben. Er liegt nicht mehr bei Ihnen."),
        SecondPersonReads: _(
            "Nicht übernommen: Hier wartet jemand im Chat auf sofortige Antworten. Antworten aus der "
            "Einarbeitung liest aber erst eine zweite Person. Bitte sagen Sie jemandem aus dem Team "
            "Bescheid."
        ),
        SameTeam: _("Der Fall liegt schon bei diesem Team."),
        NobodyReads: _(
            "Nicht übergeben: Dort hat noch niemand einen Schlüssel und könnte den Fall lesen. Sobald "
            "sich jemand von dort angemeldet hat, geht es."
        ),
        NoKeyYet: _(
            "Sie haben für diesen Fall noch keinen Schlüssel und können die Texte deshalb nicht lesen. "
            "Sobald jemand aus dem Team angemeldet ist, der den Schlüssel hat, bekommen Sie ihn von "
            "selbst. Dauert es länger als einen Tag: Melden Sie sich einmal ab und wieder an, und "
            "sagen Sie sonst Ihrer Leitung Bescheid."
        ),
        NotStored: wording.not_stored_words(),
        TooManyFiles: wording.too_many_files_words(),
        DifferentText: _(
            "Unter diesem Formular ist schon ein anderer Text gesendet. Gesendetes bleibt, wie es "
            "ist. Wenn Sie diesen Text auch senden möchten, senden Sie ihn noch einmal: Er wird "
            "dann eine neue Nachricht."
        ),
        Unread: _(
            "Noch nicht gesendet: Die ratsuchende Person hat inzwischen noch etwas geschrieben. "
            "Bitte lesen Sie es zuerst. Dann können Sie Ihre Antwort senden."
        ),
        NeedsApproval: _(
            "Noch nicht gesendet: Diese Antwort liest erst eine zweite Person. Geben Sie sie unten zur "
            "Freigabe."
        ),
        WaitsAlready: _("In diesem Fall wartet schon eine Antwort auf Freigabe."),
        ApprovalGone: _("Diese Antwort wartet nicht mehr auf Freigabe."),
        MayNotApprove: _("Diese Antwort gibt jemand anderes frei."),
        ConsultationGone: _("Diese Frage ist inzwischen abgeschlossen oder zurückgezogen."),
        NobodyToAsk: _(
            "Noch nicht gefragt: Dort kann gerade niemand den Text öffnen. Sobald sich jemand von dort "
            "einmal angemeldet hat, geht es."
        ),
        OtherAnswer: _(
            "Unter diesem Formular ist schon ein anderer Rat gesendet. Wenn Sie diesen auch senden "
            "möchten, senden Sie ihn noch einmal."
        ),
        Unchecked: _("Noch nicht gefragt: Bitte prüfen Sie den Text zuerst."),
        Unseen: _(
            "Noch nicht geändert: Die ratsuchende Person hat inzwischen noch etwas geschrieben. "
            "Bitte lesen Sie es zuerst."
        ),
    }
    return sentences.get(type(refusal)) or _(
        "Die Texte dieses Falls lassen sich gerade nicht öffnen. Bitte sagen Sie Ihrer Leitung "
        "Bescheid."
    )


def _claimed(refusal: ClaimedByOther) -> str:
    if refusal.holder is None:
        return _("Dieser Fall wartet nicht mehr.")
    return _("Diesen Fall hat schon %(name)s übernommen.") % {"name": refusal.holder.name}


def _consultation(refusal: ConsultationMoved) -> str:
    if refusal.state is ConsultationState.ANSWERED:
        return _("Nicht zurückgezogen: Inzwischen ist eine Antwort da.")
    if refusal.state is ConsultationState.ASKED:
        return _(
            "Nicht abgeschlossen: Noch hat niemand geantwortet. Sie können die Frage zurückziehen."
        )
    return _("Diese Konsultation ist schon zu Ende.")


def _illegal(refusal: IllegalMove) -> str:
    return {
        CaseState.WAITING: _("Das geht gerade nicht: Der Fall wartet und niemand hat ihn."),
        CaseState.CLOSED: _("Das geht nicht mehr: Der Fall ist abgeschlossen."),
    }.get(refusal.state) or _("Das geht gerade nicht: Jemand hat den Fall in Bearbeitung.")
