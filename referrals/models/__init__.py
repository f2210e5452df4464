"""The directory after HSDS 3.1 with the German profile, and what keeps it true."""

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
from referrals.models.provider import Provider
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
    "Address",
    "AssuranceRequest",
    "Attribute",
    "Capacity",
    "CapacityCode",
    "Contact",
    "CostOption",
    "DismissedQuery",
    "Finding",
    "ImportRun",
    "Language",
    "Location",
    "LocationType",
    "Phone",
    "Provider",
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
