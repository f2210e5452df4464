"""Ask a process whether it is ready, for container health checks: `python deploy/probe.py 8000`."""

import http.client
import os
import sys

name = os.environ.get("LOTSE_ALLOWED_HOSTS", "localhost").split(",")[0].strip()
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=5)
connection.request("GET", "/ready/", headers={"Host": name})
sys.exit(connection.getresponse().status != 200)
