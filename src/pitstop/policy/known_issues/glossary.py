"""What the same trouble is called: by tools, by people, and in other languages.

A subject has a name in plain words and patterns (RE2; capitals do not count) of what is said where it is
meant. Failures and issues that are told in different words share subjects. The words are those of the tools
of the trade (messages of the C library and its translations, of systemd, apt, dpkg, rpm, OpenSSL, OpenSSH,
Kubernetes, Redfish, Ansible, Ceph), not of a product's list of issues. A subject says no more than what is
spoken of: it never makes a match, and never offers a mend.
"""

from __future__ import annotations

SUBJECTS: dict[str, tuple[str, ...]] = {
    "no space": (
        r"no (free |more )?(space|room)|enospc|errno 28|out of (disk )?space",
        r"(disk|space|storage|room).{0,24}(full|low|short|exhaust|used up|gone)",
        r"(not enough|insufficient|too little|lack of|want of) .{0,16}(space|room|storage)",
        r"free (up )?(some )?(disk )?space|disk ?pressure",
        r"(full|filled).{0,12}(disk|volume|partition|file ?system)|fills? (the|a|its)",
        r"(quota|qgroup).{0,20}(exceed|used|full|reach)|disk quota|speicherplatz",
        r"platz .{0,20}(fehlt|mehr)|espace (disque )?(disponible|insuffisant)|espacio|空き(領域|容量)",
        r"容量不足|\buse[d%]?\b.{0,12}100 ?%|100 ?% /",
    ),
    "inodes": (r"\binodes?\b|\biuse\b|ifree|too many (small )?files on|iノード",),
    "lock": (
        r"\b(un)?lock(s|ed|ing|file)?\b|\.lock\b|\blck\b|flock|mutex",
        r"another (instance|process|operation|run|upgrade|transaction)|already (running|in progress)",
        r"in progress|held by|holder|\bsperr|gesperrt|verrou|ロック|\blease\b",
    ),
    "stale": (
        r"\bstale\b|orphan|no such process|no longer (exist|there|run)|not running",
        r"(process|pid|holder|owner|node) .{0,30}(gone|dead|vanish|does not exist|removed)|defunct",
        r"left ?over|left behind|old .{0,20}(lock|folder)|abandon|dangling|verwaist",
    ),
    "package manager": (
        r"\b(apt|apt-get|aptitude|dpkg|rpm|dnf|yum|zypper|packagekit|unattended.?upgrades?|synaptic|libzypp|pacman|snapd?)\b",
        r"/var/lib/(dpkg|apt|rpm)|package (manager|database|lists?)|paket(verwalt|listen)|パッケージ",
    ),
    "clock": (
        r"\bclocks?\b|\bntp\w*|chron(y|yd|yc)\b|timesync\w*|\b(time )?(skew|drift)\w*",
        r"time (sync\w*|offset|differ\w*|jump\w*)|not valid (yet|before)|not yet valid|in the future",
        r"lives .{0,30}past|stratum|too ?skewed|timestamp .{0,20}(future|ahead|old)|\buhr(zeit)?\b",
        r"horloge|時刻|時計|\bhwclock|\brtc\b|system time|seconds? (ahead|behind|off)",
    ),
    "certificate": (
        r"certificat\w*|\bcerts?\b|x\.?509|\bca bundle|\b(tls|ssl)\b|zertifikat\w*|証明書|pki\b",
        r"\bnotafter|issuer|self.signed|verify failed|unknown authority",
    ),
    "expired": (
        r"\bexpir\w*|\bnotafter|past its end|no longer valid|out of date|abgelaufen|nicht mehr gültig",
        r"expir(é|ation)|plus valable|期限(切れ)?|失効|current time .{0,40} is after",
    ),
    "trust": (
        r"unknown authority|not trusted|untrusted|trust(ed)? (store|anchor)|self.signed|ca bundle",
        r"unable to get (local )?issuer|signed by unknown|no_pubkey|public key is not available",
        r"\bkeyring|gpg\b|signing key|signed.by|certificate verify failed",
    ),
    "signature": (
        r"\bsignatures?\b|\bsigned\b|unsigned|expkeysig|badsig|signatur|署名|gpg\b|cosign|in-?toto",
    ),
    "digest": (
        r"\b(sha-?(1|256|512)|md5)\w*|checksum|digest|\bhash (sum|mismatch)|hash sum|prüfsumme",
        r"somme de contrôle|チェックサム|mismatch.{0,20}(size|hash)",
        r"size .{0,20}(differ|mismatch|unexpected)|unexpected size",
    ),
    "damaged": (
        r"corrupt\w*|damag\w*|malformed|truncat\w*|decompress\w*|\bcrc\b|unexpected (eof|end of)",
        r"bad (magic|block|header)|invalid (header|compressed|checksum)|inconsisten\w*|beschädigt",
        r"corrompu|endommag|破損|壊れ|input/output error|\bi/o error|medium error",
    ),
    "cache": (r"\bcach(e|ed|es)\b|/var/cache|zwischenspeicher|キャッシュ",),
    "database": (
        r"\bdatabases?\b|\bsql\w*|postgres\w*|mysql|mariadb|sqlite|\bdb\b|datenbank|base de données",
        r"データベース|schema|transaction|relation .{0,30}(exist|lock)",
    ),
    "migration": (r"\bmigrat(e|es|ion|ions|ing)\b|schema (change|version|upgrade)|alembic|flyway|liquibase",),
    "drain": (
        r"\bdrain\w*|\bevict\w*|\bcordon\w*|evacuat\w*|disruption.?budget|\bpdb\b|out of service",
        r"maintenance mode|live.?migrat\w*|daemonset|emptydir|reschedul\w*|räum|évacu|退避|ドレイン",
        r"wartungsmodus",
    ),
    "workload": (
        r"\bpods?\b|virtual machines?|\bvms?\b|\bguests?\b|workloads?|containers?|instances? (is|are)",
        r"statefulset|tenants?|仮想マシン",
    ),
    "download": (
        r"\bdownload\w*|\bfetch\w*|\bcurl\b|\bwget\b|\btransfer\w*|herunterlad\w*|télécharg\w*",
        r"ダウンロード|\bmb of|bytes? (remaining|received|of)|\bpull(ed|ing)?\b",
    ),
    "stands still": (
        r"\bhang\w*|\bhung\b|\bstuck\b|stall\w*|stands? still|no (more )?(bytes|progress)",
        r"nothing (has )?(come|came|moves|happen)|never (ends?|finish\w*|complet\w*)|unchanged",
        r"still (at )?\d|not moving|does not (move|advance|go on|finish|complete)|frozen|bloqu|止ま",
        r"進まな|0 b/s|same (percent|progress)|waiting for headers|warten auf|\bsteht\b",
    ),
    "time out": (
        r"time(d|s)?.?out\w*|deadline|not (done|as wanted) within|zeitüberschreitung|délai|タイムアウト",
        r"gave up (waiting|polling)|too long|longer than",
    ),
    "unreachable": (
        r"unreach\w*|cannot be reached|not reach\w*|no route|econnrefused|connection (was )?refused",
        r"host is down|takes no connection|does not (answer|respond|come back)",
        r"no (answer|response|reply)|not answer\w*|not respond\w*|verbindungsaufbau abgelehnt",
        r"verbindung (verweigert|abgelehnt)|connexion refusée|接続を拒否|offline|gone dark|silent",
    ),
    "connection breaks": (
        r"connection .{0,24}(reset|clos|drop|lost|broke|abort|cut|interrupt)\w*|reset (by peer|after)",
        r"econnreset|broken pipe|breaks? (off|down)|broke off",
        r"(drops?|losses|loses|lost) .{0,20}(link|line|carrier|connection|packets?)",
        r"(link|line) .{0,30}(drops?|lost|weak|flap\w*|slow|lossy|unstable)|packet.loss|transfer closed",
        r"unexpected eof|zurückgesetzt|abgebrochen|réinitialis|切断|リセット",
    ),
    "weak link": (
        r"weak|lossy|flak(y|ey)|unstable|satellite|modem|\bwan\b|bandwidth|slow (link|line|connection)",
        r"kib/s|retransmi|\brtt\b",
    ),
    "network": (
        r"\bnetwork\w*|\bvlan|\bmtu\b|\bbond\w*|\bnic\b|ethernet|\blink (is )?down|carrier|\bcni\b",
        r"calico|cilium|flannel|\bovs\b|\bbridge\b|netzwerk|réseau|ネットワーク|\bswitch ?port",
        r"\broutes?\b|\bgateway\b|fragment",
    ),
    "mtu": (r"\bmtu\b|jumbo|frame size|fragment\w*|message too long|packet too big",),
    "name resolution": (
        r"resolv\w* (host|name|address)|(could|can) ?not resolve|name(s)? (or service|resolution|server)",
        r"\bdns\b|nxdomain|servfail|no such host|getaddrinfo|eai_again|temporary failure in name",
        r"resolved\b|namensauflösung|résolution de nom|名前解決|unknown host|host not found|hostname",
        r"resolv\.conf",
    ),
    "proxy": (r"\bproxy\w*|squid|after connect|\b407\b|http_proxy|https_proxy|no_proxy|プロキシ|mandataire",),
    "refused": (
        r"refus\w*|forbidden|\bdeni(ed|es)\b|\b403\b|not (allowed|permitted)|rejected|verweigert",
        r"abgelehnt|refusé|interdit|拒否|disallow\w*|prohibit\w*",
    ),
    "sign in": (
        r"\b401\b|unauthori[sz]ed|authenticat\w*|log.?in|sign(ed|ing)? in|credentials?|passwords?",
        r"passwort|mot de passe|パスワード|\btokens?\b|secrets?|anmeld\w*|認証|invalid user|pull access",
        r"api key|session key|kerberos|bearer",
    ),
    "rotated": (
        r"rotat\w*|roll(ed|ing)? ?over|rollover|renew\w*|(was|were|been) (changed|replaced)",
        r"password.{0,20}chang|geändert|gewechselt|changé|変更",
    ),
    "rights": (
        r"permission denied|eacces|eperm|operation not permitted|not permitted|access rights",
        r"insufficient (rights|privilege|permission)\w*|rbac|sudo\w*|keine berechtigung",
        r"permission non accordée|許可が|chmod|chown|owner(ship)?|\bacl\b",
    ),
    "policy": (
        r"selinux|apparmor|\bavc\b|enforcing|getenforce|seccomp|audit\(|security (policy|context|module)",
        r"mandatory access|confined|psp\b|pod ?security|gatekeeper|kyverno|admission",
    ),
    "webhook": (r"webhooks?|admission|validat(ing|ion)webhook\w*|mutating\w*|failed calling",),
    "read-only": (
        r"read.?only|\berofs\b|remount\w*|schreibgeschützt|nur lesbar|lecture seule|読み込み専用",
        r"読み取り専用|write.protect\w*|emergency_ro",
    ),
    "memory": (
        r"\boom\w*|out of memory|memory (limit|cgroup|pressure|exhaust\w*|use\w*)|cannot allocate|enomem",
        r"exit code:? 137|status 137|want of memory|killed process|\bswap\b|arbeitsspeicher",
        r"speicher(mangel)?\b|mémoire|メモリ|too little memory|\bsigkill|強制終了|heap",
    ),
    "killed": (r"\bkill(ed|s|ing)?\b|signal 9|sigkill|\b137\b|terminated|強制終了|getötet|tué",),
    "port": (
        r"address (is )?already in use|eaddrinuse|port .{0,30}(in use|taken|used|occupied|busy)",
        r"(listen|bind)\w*.{0,40}(port|:\d+|in use)|adresse wird bereits|adresse déjà|すでに使用|使用中",
        r"bind\(\)|hostport",
    ),
    "configuration": (
        r"configuration|config(s|file|map)?\b|conffile|settings?|\.(conf|ya?ml|toml|ini)\b|konfiguration",
        r"設定|parameters?|option",
    ),
    "question": (
        r"\bprompt\w*|what (do|would) you (like|want)|\[y/n|y/i/n/o|asks? (what|whether|for|a)|question",
        r"debconf|interactive|waiting for (an )?(answer|input)|stdin|\bdialog|noninteractive|nachfrage",
        r"maintainer's version|keep (the|your)",
    ),
    "changed by hand": (
        r"locally modified|modified (locally|configuration)|by hand|hand.?edit\w*",
        r"manual(ly)? (chang|edit|modif)\w*|drift(ed)? from|was edited|von hand|changed since",
    ),
    "restart": (
        r"\bre-?(boot|start)\w*|power.?(cycle|on|off)|shutdown|shut down|boot id|uptime|neu ?start\w*",
        r"neugestartet|redémarr\w*|再起動|came? back|comes back|is back",
    ),
    "boot": (
        r"\bboot(s|ed|ing|loader|able)?\b|\bgrub\w*|initramfs|initrd|dracut|\befi\b|uefi|efibootmgr",
        r"\bslot\b|root (disk|file ?system|device)|emergency (mode|shell)|\bpxe\b|\bpost\b code",
        r"saved_entry|kernel panic|起動",
    ),
    "old version": (
        r"(old|former|previous|earlier|wrong|same) (version|kernel|build|release|slot|image)",
        r"fall(s|ing)? ?back|fell back|fallback|version (still|is still|mismatch|skew)",
        r"still (runs?|says|reports?|at|on) |not every node runs|roll(ed)? ?back|expected version",
        r"downgrad\w*",
    ),
    "kernel": (r"\bkernel\w*|uname|/lib/modules|vmlinuz|カーネル|noyau",),
    "module or driver": (
        r"modprobe|kernel modules?|\bmodules? .{0,40}(not found|missing|could not)|\bdkms\b|\bdrivers?\b",
        r"insmod|\.ko\b|treiber|pilote|ドライバ|unknown symbol|vermagic",
    ),
    "missing": (
        r"missing|not found|no such (file|directory)|does not exist|cannot find|could(n't| not) find",
        r"not there|lacks?\b|\b404\b|nicht gefunden|fehlt|introuvable|見つか|ありません|absent|enoent",
        r"unbekannt",
    ),
    "already there": (
        r"already (exists?|there|present|installed|defined)|\beexist|file exists|not empty|in the way",
        r"existiert bereits|nicht leer|existe déjà|既に存在|conflicts? with (an )?existing|duplicate",
    ),
    "folder": (
        r"\bfolders?\b|director(y|ies)|verzeichnis|répertoire|ディレクトリ|/tmp/|staging",
        r"work(ing)? (dir|folder|area)",
    ),
    "earlier run": (
        r"(earlier|previous|former|last|prior|old) (\w+ )?(run|update|attempt|upgrade|release)",
        r"(earlier|previous|former|last|prior|old) (\w+ )?(revision|operation|deployment)",
        r"pending.(upgrade|install|rollback)|half.?(done|installed|configured)|interrupted",
        r"was (broken off|interrupted)|unfinished|incomplete (run|update)|partial\w*",
    ),
    "cancelled": (r"cancel\w*|abort\w*|abgebrochen|annul\w*|キャンセル|中止|broken off|stopped by",),
    "firmware": (
        r"firmware|\bbios\b|\bflash\w*|\bfw\b|microcode|\buefi\b|ファームウェア|\bimage (is )?for",
        r"capsule|fwupd\w*|\bcpld\b|component image",
    ),
    "other model": (
        r"(other|another|wrong|different) (model|hardware|board|part|device|sku|maker|chassis)",
        r"(other|another|wrong|different) (vendor|manufacturer|generation|variant)",
        r"(model|sku|board|part|product|hardware|manufacturer)\b.{0,40}(mis)?match",
        r"(model|sku|board|part|product|hardware|manufacturer)\b.{0,40}(differ|supported|expected)",
        r"not (applicable|compatible|supported)|incompatib\w*|passt nicht|modell",
        r"not (for|meant for) this",
    ),
    "OEM": (
        r"\boem\b|builder extension|\bsbe\b|hardware vendor|vendor package|solution update|\bsku\b",
        r"manufacturer",
    ),
    "management controller": (
        r"redfish|\bbmcs?\b|\bidrac\b|\bilo\b|\bipmi\w*|management controller|taskservice|updateservice",
        r"\bxcc\b|lifecycle controller|taskstate|\bjid_|\bcimc\b|baseboard|lights.?out|\bsel\b|\bsol\b",
    ),
    "task": (r"\btasks?\b|\bjobs?\b|taskstate|job queue|\bqueued?\b",),
    "playbook": (r"playbook\w*|ansible\w*|task \[|play recap|\bfailed=\d|unreachable=\d|fatal: \[",),
    "one of several": (
        r"(one|single|only) (of|on|node|host)\b|other (hosts|nodes|machines|bmcs)|on one",
        r"others? (are|is|were|finished|fine|ok)|failed=1.{0,200}failed=0|failed=0.{0,200}failed=1",
        r"three of four",
    ),
    "host key": (
        r"host key|known_hosts|host identification|fingerprint|hostschlüssel|clé d'hôte|ホスト鍵",
        r"man.in.the.middle|hostkey|remote host ident\w*",
    ),
    "ssh": (r"\bssh\w*|publickey|authorized_keys|port 22\b|:22\b|\bsftp\b|\bscp\b|鍵",),
    "load": (
        r"load average|heav(y|ily)|overload\w*|under load|\bbusy\b|\bslow\w*|resync|rebuild\w*",
        r"i/?o.?wait|throttl\w*|\bcpu\b.{0,20}(use|100|high|pressure)|last(et)?\b.{0,10}hoch|負荷",
        r"saturat\w*|backpressure",
    ),
    "progress": (r"\d+ ?% ?|progress|percent|\d+ of \d+|fortschritt|進捗|rebuilt",),
    "licence": (
        r"licen[cs]e\w*|entitle\w*|subscription|lizenz\w*|ライセンス|activation|product key|seats?",
        r"unregistered|not registered",
    ),
    "not well": (
        r"unhealthy|not (healthy|ready|well|fit)|not-?ready|degraded",
        r"health.{0,20}(fail|err|warn|bad|500|503|check|false)|\"(ready|healthy)\": ?false|crashloop\w*",
        r"readiness|liveness|\b50[03]\b|health_(err|warn)|健全|ungesund|in error state|progressing",
    ),
    "starts not": (
        r"(not|does not|did not|failed to|cannot|refus\w* to) (be )?(run(ning)?|start\w*)",
        r"not running after|start.?(limit|up fail)|läuft nicht|startet nicht|ne démarre",
        r"起動し(ない|ません)|exited|crash\w*|main process exited|core.?dump|segfault|panic",
    ),
    "quorum": (
        r"quorum|majorit\w*|no leader|leader (election|lost|changed)|\betcd\w*|split.?brain|mehrheit",
        r"クォーラム|raft|members? (are )?(down|lost|unhealthy)|\bvoters?\b|without quorum|corosync",
        r"pacemaker|mons? (are )?down",
    ),
    "file handles": (
        r"too many open files|emfile|enfile|nofile|ulimit|file (handles|descriptors)|descriptors?",
        r"zu viele offene|trop de fichiers|handles",
    ),
    "dependencies": (
        r"unmet dep\w*|depend(s|ency|encies)\b|conflict\w*|held (broken )?packages|nothing provides",
        r"requires? .{0,30}(but|which)|abhängigkeit\w*|dépendance\w*|依存|unsatisf\w*|breaks\b|pinned",
        r"version constraint|no matching|cannot install",
    ),
    "broken packages": (
        r"half.?(installed|configured)|dpkg --configure|post-?(installation|inst|rm)|pre-?(inst|rm)\b",
        r"maintainer script|scriptlet|subprocess .{0,40}(returned|error)|--fix-broken",
        r"not (fully )?(installed|configured)|reinstall",
    ),
    "repository": (
        r"repositor(y|ies)|\brepos?\b|repomd|inrelease|release file|sources\.list|mirror\w*|paketquelle",
        r"dépôt|リポジトリ|\bsuite\b|\bchannel\b|index files",
    ),
    "locale": (
        r"\blocale\w*|\blang(uage)?\b|lc_(all|time|numeric|ctype)|utf-?8|unicode\w*|codec|decimal",
        r"non-english|\bc\.utf|could not convert string to float|encoding|文字|sprache",
    ),
    "image": (
        r"imagepull\w*|errimage\w*|image (pull|registry|not found|manifest)|registry|manifest unknown",
        r"pull (access|rate)|toomanyrequests|rate limit|containerd|\bcri\b|docker|podman|skopeo",
    ),
    "rate limit": (r"rate.?limit\w*|toomanyrequests|too many requests|\b429\b|throttl\w*|quota",),
    "storage cluster": (
        r"\bceph\w*|\bosds?\b|\bpgs?\b|placement group|rook|longhorn|gluster|drbd|\bzfs\b|zpool",
        r"\bmons?\b|replicas?|\bvsan\b|linstor|storage (cluster|pool)|rebalanc\w*|backfill\w*|degraded",
    ),
    "volume": (
        r"\bvolumes?\b|\bpvc?s?\b|\blvm\b|\bvg\b|persistent\w*|volumeattachment\w*|multi-?attach",
        r"mount\w*|umount|fstab|\bcsi\b|\bnfs\b|iscsi|multipath\w*|device.?mapper|\bluns?\b",
    ),
    "busy": (
        r"\bebusy|(device|resource|target|text file) (is )?busy|in use (by)?|being used",
        r"still (in use|mounted|open)|wird gerade benutzt|occupé|使用中",
    ),
    "disk fails": (
        r"\bsmart\b|medium error|i/o error|input/output error|bad (sector|block)\w*|disk (error|fail\w*)",
        r"drive (fail|fault|predict)\w*|\bata\d|\bnvme\w*|ext4-fs error|buffer i/o|\braid\b|mdadm|\bmd\d",
        r"uncorrect\w*|reallocated",
    ),
    "version of interface": (
        r"no matches for kind|api ?version|deprecat\w*|removed (api|in)|\bcrds?\b|custom ?resource\w*",
        r"unknown field|not served|conversion|v1(alpha|beta)\d|unsupported (version|api)",
    ),
    "skew of versions": (
        r"version skew|(more|newer|older) than .{0,30}(minor|version|supported)",
        r"skip(ped|ping)? (a )?(minor|version|release)|minor version|not supported (upgrade|path)",
        r"must (first )?be upgraded|unsupported (upgrade|version)|upgrade path|too (old|new)",
        r"intermediate",
    ),
    "service account": (
        r"service.?account|clusterrole\w*|rbac",
        r"cannot (get|list|create|patch|update|delete|watch) resource",
    ),
    "systemd": (
        r"systemd\w*|systemctl|\.service\b|\bunits?\b|journal(ctl|d)?|masked|start.?limit\w*|watchdog",
    ),
    "masked": (r"\bmasked|disabled (by|unit)|/dev/null",),
    "address": (
        r"\bdhcp\w*|\bip (address|addr)|address (conflict|changed)|duplicate (ip|address)|\barp\b",
        r"\bvip\b|keepalived|vrrp|\bipv6\b|\bipv4\b|static address|interface (name|renam)\w*|predictable",
    ),
    "firewall": (
        r"firewall\w*|iptables|nftables|\bnft\b|filtered|blocked (by|port)|port .{0,20}(closed|blocked)",
        r"security group|ファイアウォール",
    ),
    "time of work": (r"maintenance window|blackout|not (allowed )?before|paused|freeze|schedule\w*",),
    "backup": (r"\bbackups?\b|snapshots?|restore\w*|sicherung|sauvegarde|バックアップ|etcdctl snapshot",),
    "power": (
        r"\bpower (supply|loss|fail\w*|cut)|\bpsu\b|\bups\b|battery|voltage|brown.?out|thermal",
        r"overheat\w*|temperature|\bfans?\b",
    ),
    "Secure Boot": (
        r"secure ?boot|\bmok\b|shim\b|key was rejected|\bdbx\b|signed module|tpm|luks|clevis|passphrase",
    ),
    "Python": (
        r"traceback|modulenotfound\w*|importerror|no module named|\bpython3?\b|\bpip\b|interpreter",
        r"ansible_python\w*|site-packages|externally.managed",
    ),
    "limits of processes": (
        r"fork: |resource temporarily unavailable|nproc|pids?.max|tasksmax|too many processes",
        r"cannot fork|new thread",
    ),
}
"""By name, what is said where the subject is meant."""
