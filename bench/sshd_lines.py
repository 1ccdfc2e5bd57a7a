"""What sshd and its neighbours write into an auth log: whole connections, line by line, and what each of them counts.

The lines are those that OpenSSH 9.2 and 10.0 wrote on Debian 12 and 13, with other names and numbers in them.
"""

BYE = "11: Bye Bye [preauth]"
PAM = "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost="
KEY = "ED25519 SHA256:F1rC8qibrDd5lMYSryd5Fy4c2vBPSKUrDRxxlIeJa/0"

USERS = """root admin ubuntu user test oracle postgres git ftpuser deploy pi guest mysql nagios hadoop www-data jenkins minecraft
tomcat support debian ec2-user centos steam teamspeak es odoo dev vagrant ansible backup operator web ftp test1 administrator
""".split()
# A user's name is the attacker's to choose.
ODD_USERS = ["", "a from 192.0.2.1 port 22", "Failed password for root", "ad min", "\\303\\244\\303\\266", "1' or '1'='1"]
PEOPLE = "alice bob carol dave erin".split()


# Each function gives the lines of one connection, the last one first, and its attempts and logins.
# p: host name, tag and pid in front of the message; a: address; n: port; u: user.

def one_password(p, a, n, u):
    return [f"{p}Disconnected from authenticating user {u} {a} port {n} [preauth]\n",
            f"{p}Received disconnect from {a} port {n}:{BYE}\n",
            f"{p}Failed password for {u} from {a} port {n} ssh2\n",
            f"{p}{PAM}{a}  user={u}\n"], 1, 0


def three_passwords(p, a, n, u):
    failed = f"{p}Failed password for {u} from {a} port {n} ssh2\n"
    return [f"{p}PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost={a}  user={u}\n",
            f"{p}Connection closed by authenticating user {u} {a} port {n} [preauth]\n",
            failed, failed, failed, f"{p}{PAM}{a}  user={u}\n"], 3, 0


def six_passwords(p, a, n, u):
    failed = f"{p}Failed password for {u} from {a} port {n} ssh2\n"
    return [f"{p}PAM service(sshd) ignoring max retries; 6 > 3\n",
            f"{p}PAM 5 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost={a}  user={u}\n",
            f"{p}Disconnecting authenticating user {u} {a} port {n}: Too many authentication failures [preauth]\n",
            f"{p}error: maximum authentication attempts exceeded for {u} from {a} port {n} ssh2 [preauth]\n",
            failed, failed, failed, failed, failed, failed, f"{p}{PAM}{a}  user={u}\n"], 6, 0


def repeated(p, a, n, u):
    failed = f"Failed password for {u} from {a} port {n} ssh2"
    return [f"{p}Connection reset by authenticating user {u} {a} port {n} [preauth]\n",
            f"{p}message repeated 2 times: [ {failed}]\n", f"{p}{failed}\n", f"{p}{PAM}{a}  user={u}\n"], 3, 0


def invalid_user(p, a, n, u):
    return [f"{p}Disconnected from invalid user {u} {a} port {n} [preauth]\n",
            f"{p}Received disconnect from {a} port {n}:{BYE}\n",
            f"{p}Failed password for invalid user {u} from {a} port {n} ssh2\n",
            f"{p}{PAM}{a} \n",
            f"{p}pam_unix(sshd:auth): check pass; user unknown\n",
            f"{p}Invalid user {u} from {a} port {n}\n"], 1, 0


def not_allowed(p, a, n, u):
    return [f"{p}Connection closed by invalid user {u} {a} port {n} [preauth]\n",
            f"{p}Failed password for invalid user {u} from {a} port {n} ssh2\n",
            f"{p}{PAM}{a}  user={u}\n",
            f"{p}User {u} from {a} not allowed because not listed in AllowUsers\n"], 1, 0


def keyboard_interactive(p, a, n, u):
    return [f"{p}Connection closed by invalid user {u} {a} port {n} [preauth]\n",
            f"{p}Failed keyboard-interactive/pam for invalid user {u} from {a} port {n} ssh2\n",
            f"{p}error: PAM: Authentication failure for illegal user {u} from {a}\n",
            f"{p}Postponed keyboard-interactive for invalid user {u} from {a} port {n} ssh2 [preauth]\n",
            f"{p}Invalid user {u} from {a} port {n}\n"], 1, 0


# To a server that takes keys only nobody ever offers a password: no "Failed" line at all.

def keys_only_invalid(p, a, n, u):
    return [f"{p}Connection closed by invalid user {u} {a} port {n} [preauth]\n",
            f"{p}Invalid user {u} from {a} port {n}\n"], 1, 0


def keys_only_valid(p, a, n, u):
    return [f"{p}Connection closed by authenticating user {u} {a} port {n} [preauth]\n"], 1, 0


def too_many_keys(p, a, n, u):
    return [f"{p}Disconnecting authenticating user {u} {a} port {n}: Too many authentication failures [preauth]\n",
            f"{p}error: maximum authentication attempts exceeded for {u} from {a} port {n} ssh2 [preauth]\n"], 1, 0


# Nobody tried to log in.

def port_scan(p, a, n, u):
    return [f"{p}Connection closed by {a} port {n}\n",
            f"{p}error: kex_exchange_identification: Connection closed by remote host\n"], 0, 0


def old_client(p, a, n, u):
    return [f"{p}Unable to negotiate with {a} port {n}: no matching host key type found. Their offer: ssh-rsa,ssh-dss [preauth]\n"], 0, 0


def login(p, a, n, u):
    return [f"{p}pam_unix(sshd:session): session closed for user {u}\n",
            f"{p}pam_unix(sshd:session): session opened for user {u}(uid=1000) by (uid=0)\n",
            f"{p}Accepted publickey for {u} from {a} port {n} ssh2: {KEY}\n"], 0, 1


def second_try(p, a, n, u):
    return [f"{p}pam_unix(sshd:session): session closed for user {u}\n",
            f"{p}pam_unix(sshd:session): session opened for user {u}(uid=1000) by (uid=0)\n",
            f"{p}Accepted password for {u} from {a} port {n} ssh2\n",
            f"{p}Failed password for {u} from {a} port {n} ssh2\n",
            f"{p}{PAM}{a}  user={u}\n"], 1, 1


ATTACK = {one_password: 24, three_passwords: 12, six_passwords: 2, repeated: 1, invalid_user: 32, not_allowed: 2,
          keyboard_interactive: 2, keys_only_invalid: 10, keys_only_valid: 6, too_many_keys: 1, port_scan: 5, old_client: 2,
          login: 1, second_try: 0.2}
# One attempt in each connection.
SINGLE = {one_password: 30, invalid_user: 40, keys_only_invalid: 20, keys_only_valid: 10}
LOGINS = {login, second_try}


def others(rng, host):
    """Some thousand lines of other daemons, without their time."""
    lines = []
    for number in range(1000):
        pid = rng.randrange(300, 4_000_000)
        who = rng.choice(PEOPLE)
        job = rng.choice(["root", "root", "www-data", "munin", "backup"])
        lines += [
            f"{host} CRON[{pid}]: pam_unix(cron:session): session opened for user {job}(uid=0) by (uid=0)\n",
            f"{host} CRON[{pid}]: pam_unix(cron:session): session closed for user {job}\n"]
        if number % 4 == 0:
            command = rng.choice(["/usr/bin/apt-get update", "/usr/bin/systemctl restart nginx.service", "/usr/bin/less /var/log/syslog"])
            lines += [
                f"{host} sudo:    {who} : TTY=pts/{number % 7} ; PWD=/home/{who} ; USER=root ; COMMAND={command}\n",
                f"{host} sudo: pam_unix(sudo:session): session opened for user root(uid=0) by {who}(uid=1000)\n",
                f"{host} sudo: pam_unix(sudo:session): session closed for user root\n",
                f"{host} systemd-logind[612]: New session {number} of user {who}.\n",
                f"{host} (systemd)[{pid}]: pam_unix(systemd-user:session): session opened for user {who}(uid=1000) by (uid=0)\n",
                f"{host} systemd-logind[612]: Session {number} logged out. Waiting for processes to exit.\n",
                f"{host} systemd-logind[612]: Removed session {number}.\n",
                f"{host} su[{pid}]: (to {who}) root on pts/{number % 7}\n",
                f"{host} polkitd[701]: Registered Authentication Agent for unix-process:{pid}:{number}2345 (system bus name :1.{number})\n"]
    return lines
