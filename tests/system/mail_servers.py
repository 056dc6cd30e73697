"""Mail servers for tests: Dovecot (submission and POP3) and Postfix as Debian packs them, aiosmtpd as the place where mail
ends, and ones that behave badly. Received mails are read by Python's email package."""

import contextlib
import email
import email.policy
import grp
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from daemon_client import SLOW, free_port, wait_for

PASSWORD = "tür & 1 key"  # not ASCII, and with what shells and protocols stumble over
USER = "busbar@example.org"
SBIN = "/usr/sbin:/sbin:/usr/bin:/bin"
DOVECOT = shutil.which("dovecot", path=SBIN)
POSTFIX = shutil.which("postfix", path=SBIN)


def make_authority(folder):
    """ca.pem, and server.pem for localhost, other.pem for another name, expired.pem: each with its key, by openssl."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder, timeout=60)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    for name, host, days in ("server", "localhost", 2), ("other", "other.example.org", 2), ("expired", "localhost", -1):
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={host}")
        (folder / "extensions").write_text(f"subjectAltName=DNS:{host}\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                str(days), "-extfile", "extensions", "-out", f"{name}.pem")


def tls_context(folder, name="server"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


class Mail:
    """One message as it came."""

    def __init__(self, content, sender=None, recipients=(), link=None):
        self.content, self.sender, self.recipients, self.link = content, sender, recipients, link
        self.message = email.message_from_bytes(content, policy=email.policy.default)
        assert not self.message.defects, self.message.defects
        for part in self.message.walk():
            assert not part.defects, part.defects

    def __getitem__(self, header):
        return self.message[header]

    def part(self, kind):
        """The content of the only part of this type."""
        found = [part for part in self.message.walk() if part.get_content_type() == kind]
        assert len(found) == 1, (kind, [part.get_content_type() for part in self.message.walk()])
        return found[0].get_content()

    @property
    def kinds(self):
        return [part.get_content_type() for part in self.message.walk()]

    @property
    def text(self):
        return self.part("text/plain").replace("\r\n", "\n")


class Sink:
    """aiosmtpd: takes mail and keeps it. `refuse`: recipient -> answer."""

    def __init__(self, port=None, refuse=None, auth=None, **options):
        self.port = port or free_port()
        self.mails, self.refuse, self.auth, self.tokens = [], dict(refuse or {}), auth, []
        if auth:
            options.update(authenticator=self.authenticate, auth_required=True,
                           auth_require_tls=options.get("tls_context") is not None)
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        self.controller.start()

    def authenticate(self, server, session, envelope, mechanism, data):
        if mechanism not in self.auth:
            return AuthResult(success=False, handled=False)
        good = (data.login.decode(), data.password.decode()) == (USER, PASSWORD)
        return AuthResult(success=good, handled=good)

    async def auth_XOAUTH2(self, server, args):
        """https://developers.google.com/gmail/imap/xoauth2-protocol: user=..^Aauth=Bearer ..^A^A"""
        import base64
        said = base64.b64decode(args[1]).decode()
        self.tokens.append(said)
        good = said == f"user={USER}\1auth=Bearer fresh-token\1\1"
        return AuthResult(success=good, handled=False, message=None if good else "535 5.7.8 no such token")

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(Mail(envelope.original_content, envelope.mail_from, list(envelope.rcpt_tos),
                               session.peer))
        return "250 2.0.0 Ok: queued as ABC"

    def wait(self, count=1, seconds=15):
        wait_for(lambda: len(self.mails) >= count, seconds * SLOW, lambda: f"{count} mails: {len(self.mails)} came")
        return self.mails[count - 1]

    def stop(self):
        if self.controller:
            self.controller.stop()
        self.controller = None


class Odd:
    """A server of our own, which says what `answer` says to each line: text, None (nothing), or CLOSE. The first call
    is with None: the greeting. In a message nothing is asked until its end, a line "."."""

    CLOSE = object()

    def __init__(self, answer, port=0):
        self.answer, self.lines, self.messages = answer, [], []
        self.socket = socket.create_server(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        self.links = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                link, _ = self.socket.accept()
                self.links.append(link)
                threading.Thread(target=self.talk, args=(link,), daemon=True).start()

    def say(self, link, line):
        reply = self.answer(line)
        if reply is Odd.CLOSE:
            link.shutdown(socket.SHUT_RDWR)
        elif reply is not None:
            link.sendall(reply.encode() + b"\r\n")
        return reply or ""

    def talk(self, link):
        with contextlib.suppress(OSError), link, link.makefile("rb") as file:
            self.say(link, None)
            message = None
            for line in file:
                line = line.decode().rstrip("\r\n")
                if message is None:
                    self.lines.append(line)
                    reply = self.say(link, line)
                    message = [] if isinstance(reply, str) and reply.startswith("354") else None
                elif line == ".":
                    self.messages.append("\r\n".join(message))
                    self.say(link, ".")
                    message = None
                else:
                    message.append(line[1:] if line.startswith(".") else line)

    def stop(self):
        self.socket.close()
        for link in self.links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)


def polite(line):
    """What an ordinary server says."""
    verb = (line or "").split(" ")[0].upper()
    return {"": "220 mail.example.org ESMTP", "EHLO": "250 mail.example.org", "MAIL": "250 2.1.0 Ok",
            "RCPT": "250 2.1.5 Ok", "DATA": "354 go on", ".": "250 2.0.0 Ok", "QUIT": "221 2.0.0 Bye"}.get(verb, "500 what?")


def odd(**answers):
    """polite() but for some verbs: odd(RCPT="550 no")."""
    def answer(line):
        verb = (line or "greeting").split(" ")[0].upper()
        verb = "DOT" if verb == "." else verb
        return answers[verb] if verb in answers else polite(line)
    return answer


def own_folder():
    """pytest's are for root alone, and these servers change to other users."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="busbar-mail-"))
    folder.chmod(0o711)
    return folder


class Process:
    """A server with a log, and its end."""

    def wait_port(self, port):
        def there():
            assert self.is_alive(), self.log
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True
        wait_for(there, 20 * SLOW, lambda: f"the port: {self.log}", 0.05)

    def is_alive(self):
        return self.process.poll() is None

    @property
    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10 * SLOW)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder)


class Dovecot(Process):
    """Submission (signed in, handed on to `relay`) and POP3, each in the clear with STARTTLS and by TLS. As root it has
    the users of its package, else all of it runs as whoever we are."""

    def __init__(self, relay, authority, certificate="server"):
        self.folder = own_folder()
        self.log_file = self.folder / "log"
        self.smtp, self.smtps, self.pop3, self.pop3s = (free_port() for _ in range(4))
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        root = os.getuid() == 0
        me = pwd.getpwuid(os.getuid()).pw_name
        mail = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.getuid())
        (self.folder / "mail").mkdir()
        if root:
            os.chown(self.folder / "mail", mail.pw_uid, mail.pw_gid)
            (self.folder / "users").chmod(0o644)
        (self.folder / "conf").write_text(f"""
base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.log_file}
protocols = submission pop3
listen = 127.0.0.1
instance_name = busbar-test
default_internal_user = {"dovecot" if root else me}
default_internal_group = {"dovecot" if root else grp.getgrgid(os.getgid()).gr_name}
default_login_user = {"dovenull" if root else me}
first_valid_uid = 1
ssl = yes
ssl_cert = <{authority}/{certificate}.pem
ssl_key = <{authority}/{certificate}.key
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = {self.folder}/users
}}
userdb {{
  driver = static
  args = uid={mail.pw_uid} gid={mail.pw_gid} home={self.folder}/mail
}}
mail_location = maildir:{self.folder}/mail/inbox
hostname = dovecot.test
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
service anvil {{
  chroot =
}}
service submission-login {{
  chroot =
  inet_listener submission {{
    port = {self.smtp}
  }}
  inet_listener submissions {{
    port = {self.smtps}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {self.pop3}
  }}
  inet_listener pop3s {{
    port = {self.pop3s}
    ssl = yes
  }}
}}
""")
        with open(self.folder / "out", "wb") as out:
            self.process = subprocess.Popen([DOVECOT, "-F", "-c", self.folder / "conf"], stdout=out, stderr=out)
        for port in self.smtp, self.smtps, self.pop3, self.pop3s:
            self.wait_port(port)


class Postfix(Process):
    """The whole mail server, with folders of its own: it must be root to start. Delivers for example.org to files; whom
    it does not know it refuses."""

    KNOWN = ("ops", "second")

    def __init__(self):
        self.folder = own_folder()
        conf = self.folder / "conf"
        conf.mkdir(parents=True)
        for name in "queue", "data", "mail":
            (self.folder / name).mkdir()
        self.log_file = self.folder / "log"
        self.log_file.touch()
        self.port = free_port()
        shutil.chown(self.folder / "data", "postfix")
        shutil.chown(self.folder / "mail", "nobody")
        (self.folder / "boxes").write_text("".join(f"{one}@example.org {one}/\n" for one in self.KNOWN))
        nobody = pwd.getpwnam("nobody")
        (conf / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {self.folder}/queue
data_directory = {self.folder}/data
maillog_file = {self.log_file}
maillog_file_prefixes = {self.folder}
myhostname = postfix.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = example.org
virtual_mailbox_base = {self.folder}/mail
virtual_mailbox_maps = texthash:{self.folder}/boxes
virtual_uid_maps = static:{nobody.pw_uid}
virtual_gid_maps = static:{nobody.pw_gid}
virtual_minimum_uid = 1
smtpd_relay_restrictions = reject_unauth_destination
message_size_limit = 300000
""")
        rows = [f"127.0.0.1:{self.port} inet n - n - - smtpd", "postlog unix-dgram n - n - 1 postlogd",
                "pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr",
                "rewrite unix - - n - - trivial-rewrite", "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce",
                "proxymap unix - - n - - proxymap", "anvil unix - - n - 1 anvil", "virtual unix - n n - - virtual",
                "error unix - - n - - error", "retry unix - - n - - error", "discard unix - - n - - discard",
                "trace unix - - n - 0 bounce", "verify unix - - n - 1 verify", "tlsmgr unix - - n 1000? 1 tlsmgr",
                "flush unix n - n 1000? 0 flush", "showq unix n - n - - showq"]
        (conf / "master.cf").write_text("\n".join(rows) + "\n")
        self.command("start")  # makes the queue, and leaves a master of its own session
        self.wait_port(self.port)

    def command(self, word):
        subprocess.run([POSTFIX, "-c", self.folder / "conf", word], check=True, capture_output=True, timeout=60)

    def is_alive(self):
        return (self.folder / "queue/pid/master.pid").exists()

    def stop(self):
        if self.is_alive():
            self.command("abort")
        shutil.rmtree(self.folder)

    def mails(self, box):
        return [Mail(file.read_bytes()) for file in sorted((self.folder / "mail" / box / "new").glob("*"))]

    def wait(self, box, count=1):
        wait_for(lambda: len(self.mails(box)) >= count, 15 * SLOW, lambda: f"{count} mails for {box}: {self.log}")
        return self.mails(box)[count - 1]


def ids(mails):
    return [mail["Message-ID"] for mail in mails]


def codes(text):
    """What the server said in a dialogue, by its codes."""
    return re.findall(r"^< (\d{3})", text, re.M)

