"""Signing in: what it tells, what it costs, who is slowed down, and what ends a session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Literal

import pytest
from argon2 import PasswordHasher

from pitstop.model.accounts import Actor, Role
from pitstop.model.errors import NotAllowed, NotFound, NotSignedIn
from pitstop.service.accounts import AccountsService
from pitstop.service.guessing import KEPT, MANY_TRIES, TRIES, Guessing
from service.conftest import World
from simulators.clock import SimulatedClock

HOME, ELSEWHERE = "portal 10.0.0.5", "portal 10.0.0.66"
ADMIN = Actor("admin", Role.ADMINISTRATOR, HOME)


class Counting(PasswordHasher):
    """A quick one that counts how often a password is looked at."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  as argon2 calls it
        self.verified += 1
        return super().verify(hash, password)


@pytest.fixture
def hasher() -> Counting:
    return Counting()


@pytest.fixture
def accounts(world: World, hasher: Counting) -> AccountsService:
    return AccountsService(world.accounts, world.audited, world.clock, hasher)


@pytest.fixture
def password(accounts: AccountsService) -> str:
    made = accounts.first_start()
    assert made is not None
    return made


def guess(accounts: AccountsService, times: int, name: str = "admin", origin: str = HOME) -> None:
    for _ in range(times):
        with pytest.raises(NotSignedIn):
            accounts.sign_in(name, "wrong", origin)


class TestWhatItTells:
    @pytest.mark.usefixtures("password")
    @pytest.mark.parametrize("name", ["admin", "nobody", "a" * 1000, ""])
    def test_a_name_that_is_not_known_costs_what_a_wrong_password_costs(
        self, accounts: AccountsService, hasher: Counting, name: str
    ) -> None:
        guess(accounts, 1, name)
        assert hasher.verified == 1

    def test_no_password_fits_a_name_that_is_not_known(
        self, accounts: AccountsService, hasher: Counting
    ) -> None:
        accounts._nobodys = hasher.hash("wrong")  # even the one of the hash that is looked at instead
        guess(accounts, 1, "nobody")

    @pytest.mark.usefixtures("password")
    def test_every_try_is_in_the_audit_log_and_so_is_what_was_not_looked_at(
        self, accounts: AccountsService, world: World
    ) -> None:
        guess(accounts, TRIES + 2)
        outcomes = [outcome for what, _, outcome in world.acts() if what == "sign in"]
        assert outcomes == ["refused: wrong"] * TRIES + ["refused: too many tries"] * 2

    def test_a_sign_out_is_in_the_audit_log(
        self, accounts: AccountsService, password: str, world: World
    ) -> None:
        session = accounts.sign_in("admin", password, HOME)
        accounts.sign_out(session.token, ELSEWHERE)
        accounts.sign_out(session.token, ELSEWHERE)
        entry = world.log.entries()[0]
        assert (entry.what, entry.who, entry.origin, entry.outcome) == (
            "sign out",
            "admin",
            ELSEWHERE,
            "done",
        )
        assert len([act for act in world.acts() if act[0] == "sign out"]) == 2


class TestWhoIsSlowedDown:
    def test_who_has_guessed_too_often_waits_though_the_password_is_right(
        self, accounts: AccountsService, password: str, world: World, hasher: Counting
    ) -> None:
        guess(accounts, TRIES)
        with pytest.raises(NotSignedIn, match="too many"):
            accounts.sign_in("admin", password, HOME)
        assert hasher.verified == TRIES
        world.clock.advance(timedelta(minutes=5, seconds=1))
        accounts.sign_in("admin", password, HOME)

    def test_a_clock_that_was_set_back_makes_the_wait_no_longer(
        self, accounts: AccountsService, password: str, world: World
    ) -> None:
        guess(accounts, TRIES)
        world.clock.advance(timedelta(days=-30))
        world.clock.advance(timedelta(minutes=6))
        accounts.sign_in("admin", password, HOME)

    def test_others_do_not_lock_the_administrator_out(self, accounts: AccountsService, password: str) -> None:
        guess(accounts, TRIES + 5, origin=ELSEWHERE)
        accounts.sign_in("admin", password, HOME)

    def test_guesses_from_ever_new_places_get_slower_and_lock_nobody_out(
        self, accounts: AccountsService, password: str, hasher: Counting
    ) -> None:
        for place in range(MANY_TRIES // TRIES):
            guess(accounts, TRIES, origin=f"portal {place}")
        before = hasher.verified
        guess(accounts, TRIES, origin="portal new")
        assert hasher.verified == before + 1
        accounts.sign_in("admin", password, HOME)

    def test_many_at_once_are_many(self, accounts: AccountsService, hasher: Counting) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: guess(accounts, 1), range(4 * TRIES)))
        assert hasher.verified == TRIES

    def test_ones_own_password_is_guessed_no_faster(
        self, accounts: AccountsService, password: str, hasher: Counting
    ) -> None:
        for number in range(TRIES + 5):
            with pytest.raises(NotSignedIn):
                accounts.change_password(ADMIN, f"guess {number}", "a password that is long")
        assert hasher.verified == TRIES
        with pytest.raises(NotSignedIn, match="too many"):
            accounts.sign_in("admin", password, HOME)

    def test_signing_in_rightly_again_and_again_is_no_guessing(
        self, accounts: AccountsService, password: str
    ) -> None:
        for _ in range(3 * TRIES):
            accounts.sign_in("admin", password, HOME)


class TestWhatIsRemembered:
    def test_is_bounded(self) -> None:
        guessing = Guessing(lambda: 0.0)
        for number in range(KEPT + 200):
            guessing.begin(f"name {number}", HOME)
        assert len(guessing) <= 2 * KEPT

    def test_many_names_do_not_hide_one(self) -> None:
        guessing = Guessing(lambda: 0.0)
        for _ in range(TRIES):
            guessing.begin("admin", HOME)
        for number in range(KEPT + 200):
            guessing.begin(f"name {number}", HOME)
        with pytest.raises(NotSignedIn):
            guessing.begin("admin", HOME)

    def test_goes_when_it_is_over(self) -> None:
        clock = SimulatedClock()
        guessing = Guessing(clock.monotonic)
        for number in range(KEPT):
            guessing.begin(f"name {number}", HOME)
        clock.advance(timedelta(hours=2))
        guessing.begin("another", HOME)
        assert len(guessing) == 2


class TestSessions:
    @pytest.mark.usefixtures("password")
    def test_end_when_the_role_changes(self, accounts: AccountsService) -> None:
        accounts.add(ADMIN, "bob", Role.OPERATOR, "a password that is long")
        session = accounts.sign_in("bob", "a password that is long", HOME)
        accounts.set_role(ADMIN, "bob", Role.READER)
        with pytest.raises(NotSignedIn):
            accounts.actor(session.token, HOME)
        assert accounts.sign_in("bob", "a password that is long", HOME).role == "reader"

    @pytest.mark.usefixtures("password")
    def test_end_when_the_account_is_removed(self, accounts: AccountsService) -> None:
        accounts.add(ADMIN, "bob", Role.OPERATOR, "a password that is long")
        session = accounts.sign_in("bob", "a password that is long", HOME)
        accounts.remove(ADMIN, "bob")
        with pytest.raises(NotSignedIn):
            accounts.actor(session.token, HOME)
        accounts.add(ADMIN, "bob", Role.READER, "another that is long")
        with pytest.raises(NotSignedIn):
            accounts.actor(session.token, HOME)

    @pytest.mark.usefixtures("password")
    def test_one_administrator_always_stays(self, accounts: AccountsService) -> None:
        with pytest.raises(NotAllowed, match="only administrator"):
            accounts.remove(ADMIN, "admin")
        with pytest.raises(NotAllowed, match="only administrator"):
            accounts.set_role(ADMIN, "admin", Role.READER)
        with pytest.raises(NotFound, match="nobody"):
            accounts.remove(ADMIN, "nobody")


class TestTheFirstPassword:
    def test_that_was_lost_is_made_anew_while_nobody_has_signed_in(
        self, accounts: AccountsService, password: str
    ) -> None:
        again = accounts.first_start(again=True)
        assert again not in (None, password)
        guess(accounts, 1)
        accounts.sign_in("admin", again or "", HOME)

    def test_is_not_made_anew_by_a_mere_start(self, accounts: AccountsService, password: str) -> None:
        assert accounts.first_start() is None
        accounts.sign_in("admin", password, HOME)

    def test_stays_once_somebody_has_signed_in_even_if_all_sessions_are_over(
        self, accounts: AccountsService, password: str
    ) -> None:
        accounts.sign_out(accounts.sign_in("admin", password, HOME).token, HOME)
        assert accounts.first_start(again=True) is None
        accounts.sign_in("admin", password, HOME)

    def test_is_reset_on_the_machine_itself_which_ends_all_sessions(
        self, accounts: AccountsService, password: str, world: World
    ) -> None:
        session = accounts.sign_in("admin", password, HOME)
        new = accounts.reset_password("admin")
        with pytest.raises(NotSignedIn):
            accounts.actor(session.token, HOME)
        accounts.sign_in("admin", new, HOME)
        assert ("reset password", "admin", "done") in world.acts()
        with pytest.raises(NotFound, match="nobody"):
            accounts.reset_password("nobody")
        assert world.acts()[-1] == ("reset password", "nobody", "refused: not-found")
