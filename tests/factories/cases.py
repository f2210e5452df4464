"""Cases and what is written in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.utils import timezone

from accounts.models import Membership, Organisation, Team
from counselling import queries
from counselling.files import File
from counselling.models import Case, Consultation, ConsultationAnswer, Review
from counselling.operations import asking, cases, consultations, messages, reviews
from counselling.sla import Urgency
from counselling.uploads.receiving import Received
from tests.factories.people import holder_of
from vault.codes import AccessCode
from vault.keyring import ClientHolder, holder_by_code


@dataclass(frozen=True, slots=True)
class Asked:
    """A case as it was asked, and the access code that its client was shown."""

    case: Case
    code: AccessCode

    @property
    def pk(self) -> UUID:
        """Return the case's id."""
        return self.case.pk

    @property
    def holder(self) -> ClientHolder:
        """Return what opens the case for its client."""
        return holder_by_code(subject=self.case.pk, code=self.code)

    def now(self) -> Case:
        """Return the case as it is in the database now."""
        return Case.objects.get(pk=self.case.pk)

    def files(self) -> list[File]:
        """Return everything that is attached in the case, notes' files too."""
        return [file for e in queries.thread(self.case, holder=self.holder) for file in e.files]


def ask(
    where: Organisation,
    text: str = "Mein Sohn schläft nicht. Was kann ich tun?",
    *,
    topic: str = "",
    at: datetime | None = None,
    age_band: str = "",
    postcode: str = "",
    in_danger: bool = False,
    files: Sequence[Received] = (),
) -> Asked:
    """Ask a question as a parent does. topic: by name. at: None for now."""
    code = AccessCode.generate()
    case = asking.ask(
        organisation=where,
        question=asking.Question(
            text=text,
            topic=where.topics.get(name=topic) if topic else None,
            age_band=age_band,
            postcode=postcode,
            in_danger=in_danger,
            files=files,
        ),
        code=code,
        submission=uuid4(),
        at=at or timezone.now(),
    )
    return Asked(case, code)


def claim(asked: Asked, by: Membership, *, at: datetime | None = None) -> None:
    """Let a member claim a case."""
    cases.claim(case=asked.pk, by=by, at=at or timezone.now())


def reply(
    asked: Asked,
    by: Membership,
    text: str = "Das kennen **viele** Eltern.",
    *,
    at: datetime | None = None,
    files: Sequence[Received] = (),
) -> int:
    """Let a member claim a case, unless it is theirs, and answer it; return the entry's number."""
    moment = at or timezone.now()
    claim(asked, by, at=moment)
    return messages.reply(
        case=asked.pk,
        text=text,
        client_msg_id=uuid4(),
        by=by,
        holder=holder_of(by),
        at=moment,
        files=files,
    ).seq


def note(
    asked: Asked,
    by: Membership,
    text: str = "Bitte im Team besprechen.",
    *,
    at: datetime | None = None,
    files: Sequence[Received] = (),
) -> int:
    """Let a member add an internal note; return the entry's number."""
    return messages.note(
        case=asked.pk,
        text=text,
        client_msg_id=uuid4(),
        by=by,
        holder=holder_of(by),
        at=at or timezone.now(),
        files=files,
    ).seq


def client_writes(
    asked: Asked,
    text: str = "Danke. Noch eine Frage dazu.",
    *,
    in_danger: bool = False,
    at: datetime | None = None,
    files: Sequence[Received] = (),
) -> int:
    """Let the client write again; return the entry's number."""
    return messages.write(
        case=asked.pk,
        text=text,
        client_msg_id=uuid4(),
        in_danger=in_danger,
        holder=asked.holder,
        at=at or timezone.now(),
        files=files,
    ).seq


def close(asked: Asked, by: Membership, *, at: datetime | None = None) -> None:
    """Let a member who holds a case close it."""
    cases.close(case=asked.pk, by=by, holder=holder_of(by), at=at or timezone.now())


def consult(
    asked: Asked,
    by: Membership,
    to: Membership | Team,
    text: str = "Ein Kind wacht jede Nacht auf. Was würdet ihr raten?",
    *,
    at: datetime | None = None,
    let_go: bool = False,
) -> Consultation:
    """Let a member who claims the case ask somebody for advice. let_go: and put the case back."""
    moment = at or timezone.now()
    claim(asked, by, at=moment)
    made = consultations.ask(
        case=asked.pk,
        to=to,
        text=text,
        is_checked=True,
        client_msg_id=uuid4(),
        by=by,
        holder=holder_of(by),
        at=moment,
    )
    if let_go:
        cases.release(case=asked.pk, by=by, at=moment)
    return made


def advise(
    consultation: Consultation,
    by: Membership,
    text: str = "Eine feste Folge am Abend hilft.",
    *,
    at: datetime | None = None,
) -> ConsultationAnswer:
    """Let somebody who is asked answer."""
    return consultations.answer(
        consultation=consultation.pk,
        text=text,
        client_msg_id=uuid4(),
        by=by,
        holder=holder_of(by),
        at=at or timezone.now(),
    )


def review(
    asked: Asked,
    by: Membership,
    urgency: Urgency,
    *,
    reason: str = "",
    note: str = "",
    at: datetime | None = None,
) -> Review:
    """Let a member say how urgent a case is."""
    return reviews.review(
        case=asked.pk,
        urgency=urgency,
        by=by,
        holder=holder_of(by),
        at=at or timezone.now(),
        reason=reason,
        note=note,
    )


def missed_alarm(where: Organisation, by: Membership) -> Review:
    """Ask something harmless and let a member find it urgent all the same."""
    return review(ask(where), by, Urgency.SOFORT, reason=Review.Reason.TOLD)
