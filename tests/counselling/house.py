"""The organisation that the tests of the team's pages play in, and who works there."""

from dataclasses import dataclass

from accounts.models import Membership, Organisation, Role
from counselling.models import TextModule
from counselling.operations.settings import furnish
from tests.factories import enrol, organisation
from tests.factories.people import FOUNDED
from tests.factories.replay import built_once


@dataclass(frozen=True, slots=True)
class House:
    """Nordhafen with two teams, and Südstadt next door.

    katrin, aylin: counsellors of the team Erziehung. jonas: in training there. lea: leads the team
    Krise. ada: administration. boris: counsellor of the other organisation. Neither lea, ada nor
    boris may read a case of the team Erziehung.
    """

    nordhafen: Organisation
    katrin: Membership
    aylin: Membership
    jonas: Membership
    lea: Membership
    ada: Membership
    suedstadt: Organisation
    boris: Membership

    def without_access(self) -> list[Membership]:
        """Return who may not read a case of the team Erziehung."""
        return [self.lea, self.ada, self.boris]


@built_once
def open_house() -> House:
    """Found both organisations and enrol everybody."""
    nordhafen, suedstadt = organisation("nordhafen"), organisation("suedstadt")
    furnish(
        organisation=nordhafen,
        topics=[],
        modules=[
            TextModule(
                organisation=nordhafen,
                title="Vorstellung",
                body="Ich bin {{beratung}} von {{organisation}}. Antwort bis {{frist}}. {{rest}}",
            )
        ],
        at=FOUNDED,
    )
    return House(
        nordhafen=nordhafen,
        katrin=enrol(nordhafen, "Katrin Petersen", teams=["Erziehung"]),
        aylin=enrol(nordhafen, "Aylin Demir", teams=["Erziehung"]),
        jonas=enrol(nordhafen, "Jonas Brandt", role=Role.TRAINEE, teams=["Erziehung"]),
        lea=enrol(nordhafen, "Lea Sommer", role=Role.SUPERVISOR, teams=["Krise"]),
        ada=enrol(nordhafen, "Ada Nowak", role=Role.ADMIN, teams=["Erziehung"]),
        suedstadt=suedstadt,
        boris=enrol(suedstadt, "Boris Lang"),
    )
