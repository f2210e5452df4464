"""A referral as FHIR R4 resources after SDOH Clinical Care: ServiceRequest, Task, Consent. Pure.

docs/fhir.md has the mapping. Only what the client confirmed goes in; identifiers are the referral's,
never the case's.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from referrals.handoff.parcel import Parcel
from referrals.models import Referral
from referrals.states import ReferralState

PROFILES = "http://hl7.org/fhir/us/sdoh-clinicalcare/StructureDefinition/"
SYSTEM = "urn:lotse:referral"
S = ReferralState

TASK_STATUS: dict[ReferralState, str] = {
    S.SUGGESTED: "draft",
    S.PREPARED: "draft",
    S.SECOND: "draft",
    S.CARD: "draft",
    S.SENT: "requested",
    S.ASKED: "received",
    S.RETURNED: "requested",
    S.ACCEPTED: "accepted",
    S.OFFERED: "accepted",
    S.APPOINTMENT: "accepted",
    S.WAITLISTED: "on-hold",
    S.ARRIVED: "in-progress",
    S.STARTED: "in-progress",
    S.COMPLETED: "completed",
    S.DECLINED: "rejected",
    S.FORWARDED: "rejected",
    S.DISMISSED: "cancelled",
    S.WITHDRAWN: "cancelled",
    S.EXPIRED: "failed",
}
REQUEST_STATUS = {
    "draft": "draft",
    "completed": "completed",
    "rejected": "revoked",
    "cancelled": "revoked",
    "failed": "revoked",
}


def bundle(row: Referral, sent: Parcel | None) -> dict[str, Any]:
    """Return a collection of the three resources. sent: what was confirmed, or None for a card."""
    found = [service_request(row, sent), task(row)]
    consent = getattr(row, "consent", None)
    if consent is not None:
        found.append(_consent(row))
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "identifier": {"system": SYSTEM, "value": str(row.pk)},
        "timestamp": _instant(row.changed_at),
        "entry": [
            {"fullUrl": f"urn:uuid:{one['id']}", "resource": one}
            for one in (_without_nothing(resource) for resource in found)
        ],
    }


def searchset(rows: Sequence[Referral], address: str) -> dict[str, Any]:
    """Return the tasks of several referrals: where each stands, and no word of anybody."""
    found = [_without_nothing(task(row)) for row in rows]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "link": [{"relation": "self", "url": address}],
        "entry": [
            {"fullUrl": f"urn:uuid:{one['id']}", "resource": one, "search": {"mode": "match"}}
            for one in found
        ],
    }


def refusal(code: str, words: str) -> dict[str, Any]:
    """Return an OperationOutcome. code: of FHIR's issue types."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "diagnostics": words}],
    }


def service_request(row: Referral, sent: Parcel | None) -> dict[str, Any]:
    """Return what is asked for."""
    status = TASK_STATUS[ReferralState(row.state)]
    return {
        "resourceType": "ServiceRequest",
        "id": _id(row, 1),
        "meta": {"profile": [f"{PROFILES}SDOHCC-ServiceRequest"]},
        "identifier": [{"system": SYSTEM, "value": str(row.pk)}],
        "status": REQUEST_STATUS.get(status, "active"),
        "intent": "order",
        "subject": {"display": sent.fields.get("name", "anonym") if sent else "anonym"},
        "authoredOn": _instant(row.sent_at),
        "requester": {"display": row.organisation.name},
        "performer": [{"display": row.service.name}] if row.service else [],
        "reasonCode": [{"text": sent.fields["topic"]}] if sent and "topic" in sent.fields else [],
        "note": [{"text": sent.text}] if sent else [],
        "supportingInfo": [
            {"display": f"{code}: {value}"}
            for code, value in (sent.fields.items() if sent else ())
            if code not in {"name", "topic"}
        ],
    }


def task(row: Referral) -> dict[str, Any]:
    """Return where it stands."""
    return {
        "resourceType": "Task",
        "id": _id(row, 2),
        "meta": {"profile": [f"{PROFILES}SDOHCC-TaskForReferralManagement"]},
        "identifier": [{"system": SYSTEM, "value": str(row.pk)}],
        "status": TASK_STATUS[ReferralState(row.state)],
        "statusReason": {"text": row.get_decline_display()} if row.decline else None,
        "businessStatus": {"text": row.get_state_display(), "coding": [{"code": row.state}]},
        "intent": "order",
        "code": {
            "coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]
        },
        "focus": {"reference": f"urn:uuid:{_id(row, 1)}"},
        "authoredOn": _instant(row.sent_at),
        "lastModified": _instant(row.changed_at),
        "requester": {"display": row.organisation.name},
        "owner": {"display": row.service.name} if row.service else None,
        "restriction": {"period": {"end": _instant(row.due_at)}} if row.due_at else None,
        "output": (
            [{"type": {"text": "outcome"}, "valueString": row.get_outcome_display()}]
            if row.outcome
            else []
        ),
    }


def _consent(row: Referral) -> dict[str, Any]:
    consent = row.consent
    over = consent.revoked_at is not None
    return {
        "resourceType": "Consent",
        "id": _id(row, 3),
        "meta": {"profile": [f"{PROFILES}SDOHCC-Consent"]},
        "identifier": [{"system": SYSTEM, "value": str(row.pk)}],
        "status": "inactive" if over else "active",
        "scope": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                    "code": "patient-privacy",
                }
            ]
        },
        "category": [
            {"coding": [{"system": "http://loinc.org", "code": "59284-0"}]},
        ],
        "dateTime": _instant(consent.confirmed_at),
        "organization": [{"display": row.organisation.name}],
        "policyRule": {"text": "Art. 6 (1) a, Art. 9 (2) a DSGVO; § 203 StGB"},
        "provision": {
            "type": "permit",
            "period": {
                "start": _instant(consent.confirmed_at),
                "end": _instant(consent.revoked_at or consent.expires_at),
            },
            "actor": [
                {
                    "role": {"coding": [{"code": "IRCP"}]},
                    "reference": {"display": consent.recipient_name},
                }
            ],
            "purpose": [{"code": consent.purpose}],
            "data": [
                {
                    "meaning": "instance",
                    "reference": {"reference": f"urn:uuid:{_id(row, 1)}", "display": code},
                }
                for code in consent.fields
            ],
        },
    }


def _id(row: Referral, number: int) -> str:
    # One stable id for each resource, told from the referral's: it is the last digit.
    return f"{str(row.pk)[:-1]}{(int(str(row.pk)[-1], 16) + number) % 16:x}"


def _instant(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _without_nothing(value: Any) -> Any:
    """FHIR allows no empty lists or nulls."""
    if isinstance(value, dict):
        return {
            key: kept
            for key, one in value.items()
            if (kept := _without_nothing(one)) not in (None, [], {}, "")
        }
    if isinstance(value, list):
        return [_without_nothing(one) for one in value]
    return value
