"""Is the server in this container healthy? Exit code 0 if it answers 200, 1 with the reason if not.

Rule: the standard library alone, and no proxy of the environment's, so that it asks the container itself.
Neighbours: Dockerfile (HEALTHCHECK), compose.yaml; Kubernetes asks by itself (deploy/kubernetes).
"""

import http.client
import sys
from urllib.parse import urlsplit


def trouble(url: str) -> str | None:
    """What is wrong with what answers at this address; None if nothing is."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=2)
    try:
        connection.request("GET", parts.path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{url} does not answer: {error!r}"
    finally:
        connection.close()
    return None if status == http.client.OK else f"{url} answers {status}"


if __name__ == "__main__":
    sys.exit(trouble(sys.argv[1]))
