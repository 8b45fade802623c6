#!/usr/bin/env python3
"""How much clients that mean harm delay another's write.

usage: hostile_clients.py POOL_FILE [SECONDS]

POOL_FILE is the pool.json of a pool that runs on this machine. One writer puts a tag every 10 ms through every server of the pool, from
127.0.0.1; after a quiet time the attacks run one after the other, each for SECONDS (default 5) from 127.0.0.2 against the same servers:

  connections   10,000 connections, opened as fast as they can be, that say nothing
  trickle       200 connections that send one byte a second of a request
  unread        100 connections that ask for the OpenAPI document again and again and never read an answer

Prints a line for each with the median, the 99th percentile and the greatest time of a write, and ends with 1 if in any of them a write
failed, or the slowest one took more than 100 ms longer than the slowest of the quiet time. What else the machine does shows in both.
"""
import http.client, json, multiprocessing, resource, socket, ssl, sys, threading, time

MOST_DELAY_MS = 100
ATTACKER = "127.0.0.2"


def context(pool):
    made = ssl.create_default_context(cadata=pool["authority"])
    made.check_hostname = False
    return made


class Writer(threading.Thread):
    """Puts a tag through one server every 10 ms and keeps the times, by phase."""

    def __init__(self, pool, server, machine):
        super().__init__(daemon=True)
        self.pool, self.server, self.machine = pool, server, machine
        self.phase, self.times, self.failures, self.ended = "quiet", {}, {}, False

    def run(self):
        host, port = self.server["query"].rsplit(":", 1)
        number = 0
        connection = http.client.HTTPSConnection(host, int(port), context=context(self.pool), timeout=10)
        while not self.ended:
            phase, number, began = self.phase, number + 1, time.monotonic()
            try:
                connection.request(
                    "PUT", f"/v1/vms/{self.machine}/tags/bench/{self.server['name']}", body=json.dumps(str(number)),
                    headers={"Authorization": "Bearer " + self.pool["token"], "Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                if answer.status >= 300:
                    raise OSError(f"status {answer.status}")
            except (OSError, http.client.HTTPException) as error:
                self.failures.setdefault(phase, []).append(str(error))
                connection.close()
            self.times.setdefault(phase, []).append((time.monotonic() - began) * 1000)
            time.sleep(0.01)


def plain(address):
    made = socket.socket()
    made.setblocking(False)
    made.bind((ATTACKER, 0))
    made.connect_ex(address)
    return made


def many_connections(pool, addresses, deadline):
    opened, kept = 0, []
    while time.monotonic() < deadline and opened < 10_000:
        for address in addresses:
            try:
                kept.append(plain(address))
                opened += 1
            except OSError:
                kept.pop(0).close()
        if opened % 300 == 0:
            time.sleep(0.005)
    while time.monotonic() < deadline:
        time.sleep(0.05)
    for one in kept:
        one.close()
    return f"{opened} connections"


def secure(pool, address):
    made = socket.create_connection(address, timeout=5, source_address=(ATTACKER, 0))
    return context(pool).wrap_socket(made)


def trickle(pool, addresses, deadline):
    ends, request = [], b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 1000
    for number in range(200):
        try:
            ends.append(secure(pool, addresses[number % len(addresses)]))
        except OSError:
            pass
    sent = 0
    while time.monotonic() < deadline:
        for end in ends:
            try:
                end.send(request[sent:sent + 1])
            except OSError:
                pass
        sent += 1
        time.sleep(1)
    for end in ends:
        end.close()
    return f"{len(ends)} connections, {sent} bytes each"


def unread(pool, addresses, deadline):
    ends, asked = [], 0
    for number in range(100):
        try:
            end = secure(pool, addresses[number % len(addresses)])
            end.setblocking(False)
            ends.append(end)
        except OSError:
            pass
    while time.monotonic() < deadline:
        for end in ends:
            try:
                end.send(b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n")
                asked += 1
            except OSError:
                pass
        time.sleep(0.01)
    for end in ends:
        end.close()
    return f"{len(ends)} connections, {asked} requests unread"


def figures(writers, phase):
    times = sorted(one for writer in writers for one in writer.times.get(phase, []))
    failures = sum(len(writer.failures.get(phase, [])) for writer in writers)
    return times, failures


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with open(sys.argv[1]) as file:
        pool = json.load(file)
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(20_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    addresses = [(one["query"].rsplit(":", 1)[0], int(one["query"].rsplit(":", 1)[1])) for one in pool["servers"]]
    if any(not host.startswith("127.") for host, _ in addresses):
        sys.exit("This is for a pool on loopback only. Start one with `ovm pool demo --detach`.")
    writers = [Writer(pool, server, "web01") for server in pool["servers"]]
    for writer in writers:
        writer.start()
    time.sleep(seconds)
    quiet, _ = figures(writers, "quiet")
    median = quiet[len(quiet) // 2]
    print(f"quiet: {len(quiet)} writes, median {median:.1f} ms, p99 {quiet[len(quiet) * 99 // 100]:.1f} ms, most {quiet[-1]:.1f} ms")
    is_good = True
    for name, attack in (("connections", many_connections), ("trickle", trickle), ("unread", unread)):
        for writer in writers:
            writer.phase = name
        # A process of its own: the writers' times must not wait for the attacker's interpreter.
        with multiprocessing.Pool(1) as attacker:
            done = attacker.apply(attack, (pool, addresses, time.monotonic() + seconds))
        times, failures = figures(writers, name)
        delay = times[-1] - quiet[-1]
        is_good = is_good and failures == 0 and delay <= MOST_DELAY_MS
        print(
            f"{name} ({done}): {len(times)} writes, {failures} failed, median {times[len(times) // 2]:.1f} ms, "
            f"p99 {times[len(times) * 99 // 100]:.1f} ms, most {times[-1]:.1f} ms, {max(0, delay):.1f} ms more than in quiet")
    for writer in writers:
        writer.ended = True
    for writer in writers:
        for phase, failures in writer.failures.items():
            print(f"{writer.server['name']}, {phase}: {failures[0]}", file=sys.stderr)
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
