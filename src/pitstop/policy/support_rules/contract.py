"""A valid hardware support contract with the OEM is required for support."""

from __future__ import annotations

from datetime import date

from pitstop.model.findings import Finding, Severity
from pitstop.policy.facts import SystemFacts


def entitled(facts: SystemFacts, at: date) -> bool | None:
    """Whether the operator has recorded a contract that covers that day; None: nothing is recorded."""
    contract = facts.contract
    if contract is None:
        return None
    return contract.valid and (contract.last_day is None or at <= contract.last_day)


def contract_findings(facts: SystemFacts, at: date) -> tuple[Finding, ...]:
    held = entitled(facts, at)
    if held:
        return ()
    if held is None:
        return (
            Finding(
                "contract-not-recorded",
                Severity.INFORMATIONAL,
                "hardware support contract",
                "Whether this system has a hardware support contract with the OEM is not recorded.",
                "Record the contract and its last day.",
                "Without a valid contract the system is not entitled to support.",
            ),
        )
    contract = facts.contract
    ended = contract is not None and contract.valid
    return (
        Finding(
            "contract-missing",
            Severity.CRITICAL,
            "hardware support contract",
            f"The hardware support contract ended on {contract.last_day}."
            if ended and contract
            else "This system is recorded as having no hardware support contract.",
            "Renew the contract with the OEM, then record it.",
            "The system is not entitled to support.",
        ),
    )
