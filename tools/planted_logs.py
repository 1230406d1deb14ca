"""Logs as systems write them, with secrets planted in them: for tests, and for ``make bench-logs``.

Every planted secret holds :data:`MARK`, so that one search says whether any is left.
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass

MARK = "ZQ7X"
"""In each secret; in nothing else."""

LINES = (
    "app[11]: DB_PASSWORD={}",
    "app[11]: starting with password={} as user app",
    "app[11]: login failed: passwd: {}",
    'app[11]: {{"user": "app", "password": "{}", "tries": 3}}',
    "app[11]: {{'user': 'app', 'client_secret': '{}'}}",
    'app[11]: payload="{{\\"api_key\\": \\"{}\\", \\"n\\": 1}}"',
    "app[11]: config: {{token => {}, retries => 3}}",
    "proxy[7]: > Authorization: Bearer {}",
    "proxy[7]: authorization: Basic {}",
    'proxy[7]: "Authorization": "Token {}"',
    "proxy[7]: -H 'X-Auth-Token: {}'",
    "proxy[7]: Cookie: theme=dark; session={}",
    "proxy[7]: Set-Cookie: sid={}; HttpOnly",
    "proxy[7]: 10.0.0.4 GET /items?page=2&access_token={}&sort=up 200",
    "proxy[7]: POST body user=app&password={}&next=%2F",
    "git[3]: cloning https://build:{}@git.example/x.git",
    "db[5]: postgresql://app:{}@10.0.0.9:5432/app failed",
    "db[5]: Server=tcp:db.example;User Id=app;Password={};Encrypt=true",
    "db[5]: DefaultEndpointsProtocol=https;AccountName=x;AccountKey={};EndpointSuffix=example",
    "db[5]: ALTER USER app IDENTIFIED BY '{}'",
    "sudo[9]: root : COMMAND=/usr/bin/tool --password {} --verbose",
    "sudo[9]: root : COMMAND=/usr/bin/tool --api-key={}",
    "sudo[9]: root : COMMAND=/usr/bin/curl -u app:{} https://x.example/",
    "xml[2]: <credentials><password>{}</password></credentials>",
    "AWS_SECRET_ACCESS_KEY={}",
    "  db_password: {}",
    "export VAULT_TOKEN={}",
    "snmp[4]: auth_key = {}",
    "web[8]: /login?next=/&password%3D{}",
)
"""What a secret of letters and digits may stand in."""

NOISE = (
    "sshd[{a}]: Accepted publickey for operator from 10.4.{b}.{c} port {d} ssh2: ED25519 SHA256:nThbg6kXUp",
    "kernel: [{d}.{a}] eth0: link up, 1000 Mbps, full duplex, flow control rx/tx, queue {b}",
    'lantern[{a}]: 10.4.{b}.{c} - - "GET /api/v1/items?id={d} HTTP/1.1" 200 {a} "-" "curl/7.88.1" took={b}ms',
    "systemd[1]: Started session-{d}.scope - Session {d} of user operator.",
    'app[{a}]: {{"level":"info","ts":"2026-11-20T09:00:{b}Z","msg":"cache refreshed","entries":{d}}}',
    'dockerd[{a}]: time="2026-11-20T09:00:00Z" level=info msg="exited" id=3f786850e387550fdab836ed7e6dc{d}',
    "app[{a}]:     at com.example.lantern.Worker.run(Worker.java:{b}) ~[lantern-2.{c}.jar:na]",
    "lantern[{a}]: WARN drain of {c} connections takes longer than {b} s, still waiting (attempt {d})",
    "chronyd[{a}]: Selected source 10.4.{b}.{c}, offset 0.000{d} seconds",
    "cron[{a}]: (root) CMD (test -x /usr/sbin/anacron || run-parts --report /etc/cron.daily/{b})",
    "lantern[{a}]: the token of session {d} has expired, the password was asked for again",
    "postgres[{a}]: LOG:  checkpoint complete: wrote {d} buffers (0.{b}%); write={c}.8 s, sync=0.004 s",
)
"""Lines without a secret; some speak of one."""

_NUMBERS = {"a": 99_999, "b": 60, "c": 9, "d": 9_999}
_WORDS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Planted:
    """Text with a secret, and what must not be left of it."""

    text: str
    secret: str


def word(rng: random.Random, length: int = 20, signs: str = _WORDS) -> str:
    """A secret: random, with the mark somewhere inside."""
    at = rng.randrange(1, length - len(MARK))
    return (
        f"{''.join(rng.choices(signs, k=at))}{MARK}{''.join(rng.choices(signs, k=length - at - len(MARK)))}"
    )


def _body(rng: random.Random, lines: int = 8) -> list[str]:
    """The body of an armoured key."""
    return [*(word(rng, 64, f"{_WORDS}+/") for _ in range(lines)), f"{word(rng, 40)}=="]


def planted(rng: random.Random) -> Iterator[Planted]:
    """One of each form, each with a secret of its own."""
    for line in LINES:
        secret = word(rng)
        yield Planted(line.format(secret), secret)
    jwt = f"eyJ{word(rng, 30)}.eyJ{word(rng, 60)}.{word(rng, 40)}"
    yield Planted(f"api[6]: got {jwt} from the gateway", jwt)
    access = f"AKIA{word(rng, 16, string.ascii_uppercase + string.digits)}"
    yield Planted(f"s3[1]: using {access} in eu-1", access)
    forge = f"ghp_{word(rng, 36)}"
    yield Planted(f"ci[1]: pushed with {forge}", forge)
    shadow = f"$6${word(rng, 12)}${word(rng, 80)}"
    yield Planted(f"app:{shadow}:19000:0:99999:7:::", shadow)
    yield from armoured(rng)


def armoured(rng: random.Random) -> Iterator[Planted]:
    """Private keys: plain, each line behind a prefix as in a journal, in JSON, as a setting, in YAML."""
    body = _body(rng)
    begin, end = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
    yield Planted("\n".join([begin, *body, end]), body[3])
    body = _body(rng)
    prefixed = [f"Nov 20 09:00:00 n1 app[1]: {line}" for line in (begin, *body, end)]
    yield Planted("\n".join(prefixed), body[5])
    body = _body(rng)
    yield Planted(json.dumps({"private_key": "\n".join([begin, *body, end]), "id": 4}), body[2])
    body = _body(rng)
    yield Planted("\n".join([f"tls_private_key={begin}", *body, end]), body[1])
    body = _body(rng)
    yield Planted(
        "\n".join(["tls_key: |", *(f"  {line}" for line in (begin, *body, end)), "next: 1"]), body[4]
    )
    secret = word(rng)
    yield Planted(f"root_password: >-\n    {secret}\nport: 443", secret)


def noise(rng: random.Random, size: int) -> bytes:
    """Whole lines without a secret, of about so many bytes."""
    lines: list[str] = []
    length = 0
    while length < size:
        numbers = {name: rng.randrange(most) for name, most in _NUMBERS.items()}
        said = rng.choice(NOISE).format(**numbers)
        lines.append(f"Nov 20 09:{rng.randrange(60):02}:{rng.randrange(60):02} n1 {said}\n")
        length += len(lines[-1])
    return "".join(lines).encode()
