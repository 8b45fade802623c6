#!/usr/bin/env python3
"""The Ethernet between the emulated servers, on loopback UDP.

    switch.py serve PORT PIDFILE
    switch.py cut|heal PORT A B
    switch.py isolate|join PORT A
    switch.py ping PORT

Server N sends each frame as one datagram from PORT + N to PORT. QEMU's own multicast network would do as well, but it
echoes every frame to its sender, and nobody could cut it.
"""
import os
import signal
import socket
import sys

LAST_SERVER = 99
LARGEST_FRAME = 65536


def serve(port, pid_file):
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        wire.setsockopt(socket.SOL_SOCKET, option, 8 << 20)
    wire.bind(('127.0.0.1', port))
    with open(pid_file, 'w') as file:
        file.write(str(os.getpid()))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    servers, home, cuts = set(), {}, set()

    def send(source, target, frame):
        if target != source and frozenset((source, target)) not in cuts:
            try:
                wire.sendto(frame, ('127.0.0.1', port + target))
            except OSError:
                pass  # That server is off.

    def obey(order):
        word, *numbers = order.decode(errors='replace').split()
        numbers = [int(number) for number in numbers]
        if word == 'cut':
            cuts.add(frozenset(numbers))
        elif word == 'heal':
            cuts.discard(frozenset(numbers))
        elif word == 'isolate':
            cuts.update(frozenset((numbers[0], other)) for other in range(1, LAST_SERVER + 1) if other != numbers[0])
        elif word == 'join':
            cuts.difference_update([cut for cut in cuts if numbers[0] in cut])

    while True:
        try:
            frame, (address, source) = wire.recvfrom(LARGEST_FRAME)
        except OSError:
            continue  # The refusal of a server that is off.
        source -= port
        if address != '127.0.0.1':
            continue
        if not 0 < source <= LAST_SERVER:  # Not a server: an order.
            try:
                obey(frame)
                wire.sendto(b'done', (address, source + port))
            except (ValueError, IndexError, OSError):
                pass
            continue
        servers.add(source)
        home[frame[6:12]] = source
        target = home.get(frame[:6])
        if target is not None and not frame[0] & 1:
            send(source, target, frame)
        else:
            for server in servers:
                send(source, server, frame)


def order(word, port, numbers):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.settimeout(2)
        wire.connect(('127.0.0.1', port))
        for _ in range(5):
            try:
                wire.send(' '.join([word, *numbers]).encode())
                if wire.recv(16) == b'done':
                    return 0
            except OSError:
                continue
    print(f'switch.py: no answer to {word} on port {port}', file=sys.stderr)
    return 1


def main(arguments):
    if len(arguments) == 3 and arguments[0] == 'serve':
        return serve(int(arguments[1]), arguments[2])
    wanted = {'cut': 2, 'heal': 2, 'isolate': 1, 'join': 1, 'ping': 0}
    if len(arguments) < 2 or wanted.get(arguments[0]) != len(arguments) - 2:
        print(__doc__, file=sys.stderr)
        return 2
    return order(arguments[0], int(arguments[1]), arguments[2:])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
