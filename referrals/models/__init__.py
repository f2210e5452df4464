"""The directory after HSDS 3.1 with the German profile, what keeps it true, and referrals."""

from referrals.models.details import (
    Attribute,
    Capacity,
    Contact,
    CostOption,
    Language,
    Phone,
    Schedule,
    ServiceArea,
)
from referrals.models.location import (
    Accessibility,
    Address,
    Location,
    LocationType,
    ServiceAtLocation,
    Wheelchair,
)
from referrals.models.partner import Appointment, HandoffLink, PartnerDesk
from referrals.models.program import DeskProgram, ProgramWrap
from referrals.models.provider import Provider
from referrals.models.referral import (
    Act,
    Consent,
    Decline,
    Necessity,
    Outcome,
    OwnReport,
    Referral,
)
from referrals.models.search import (
    DismissedQuery,
    SearchCount,
    SearchDocument,
    SearchState,
    Synonym,
)
from referrals.models.service import CapacityCode, ReferralWay, Service, Status
from referrals.models.taxonomy import Taxonomy, TaxonomyTerm
from referrals.models.upkeep import AssuranceRequest, Finding, ImportRun, Version

__all__ = [
    "Accessibility",
    "Act",
    "Address",
    "Appointment",
    "AssuranceRequest",
    "Attribute",
    "Capacity",
    "CapacityCode",
    "Consent",
    "Contact",
    "CostOption",
    "Decline",
    "DeskProgram",
    "DismissedQuery",
    "Finding",
    "HandoffLink",
    "ImportRun",
    "Language",
    "Location",
    "LocationType",
    "Necessity",
    "Outcome",
    "OwnReport",
    "PartnerDesk",
    "Phone",
    "ProgramWrap",
    "Provider",
    "Referral",
    "ReferralWay",
    "Schedule",
    "SearchCount",
    "SearchDocument",
    "SearchState",
    "Service",
    "ServiceArea",
    "ServiceAtLocation",
    "Status",
    "Synonym",
    "Taxonomy",
    "TaxonomyTerm",
    "Version",
    "Wheelchair",
]
