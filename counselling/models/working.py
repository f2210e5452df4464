"""How an organisation works: how long a case may be held, what needs a second person, who gets what."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, Team
from counselling.models.setting import Topic

CAPACITY = 8  # cases at once, where nobody said otherwise
MOST = 99
_MINUTES = [MinValueValidator(5), MaxValueValidator(14 * 24 * 60)]


class HouseRules(models.Model):
    """Times and rules of one organisation; without a row the defaults hold."""

    organisation = models.OneToOneField(
        Organisation, on_delete=models.CASCADE, primary_key=True, related_name="house_rules"
    )
    return_sofort_minutes = models.PositiveSmallIntegerField(
        _("Sofort: ohne Antwort zurück nach, in Minuten"), default=30, validators=_MINUTES
    )
    return_dringend_minutes = models.PositiveSmallIntegerField(
        _("Dringend: ohne Antwort zurück nach, in Minuten"), default=120, validators=_MINUTES
    )
    return_normal_minutes = models.PositiveSmallIntegerField(
        _("Normal: ohne Antwort zurück nach, in Minuten"), default=24 * 60, validators=_MINUTES
    )
    four_eyes_sofort = models.BooleanField(
        _("Antworten auf „sofort“ liest immer eine zweite Person"), default=False
    )
    approval_minutes = models.PositiveSmallIntegerField(
        _("Freigeben einer Antwort spätestens nach, in Minuten"), default=60, validators=_MINUTES
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    return_sofort_minutes__gte=5,
                    return_dringend_minutes__gte=5,
                    return_normal_minutes__gte=5,
                    approval_minutes__gte=5,
                ),
                name="house_rules_leave_time",
            )
        ]

    def __str__(self) -> str:
        return f"rules of {self.organisation_id}"


class TeamRules(models.Model):
    """Rules of one team; without a row the defaults hold. `push`: cases are given out."""

    team = models.OneToOneField(
        Team, on_delete=models.CASCADE, primary_key=True, related_name="rules"
    )
    push = models.BooleanField(_("Fragen werden zugeteilt"), default=False)

    def __str__(self) -> str:
        return f"rules of {self.team_id}"


class WorkProfile(models.Model):
    """What one person takes on; without a row the defaults hold.

    `ceiling`: cases at once over all channels, whatever a shift says. `topics`: what they are given;
    none: everything. `needs_approval`: a second person reads their replies, as in training.
    """

    member = models.OneToOneField(
        Membership, on_delete=models.CASCADE, primary_key=True, related_name="work_profile"
    )
    ceiling = models.PositiveSmallIntegerField(
        _("Höchstens so viele Fragen und Chats zugleich"),
        default=CAPACITY,
        validators=[MinValueValidator(1), MaxValueValidator(MOST)],
    )
    topics = models.ManyToManyField(Topic, blank=True, related_name="+")
    needs_approval = models.BooleanField(_("Antworten liest eine zweite Person"), default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ceiling__range=(1, MOST)), name="ceiling_is_within_reason"
            )
        ]

    def __str__(self) -> str:
        return f"profile of {self.member_id}"
