# Two images: `server` has both twins, `load` has Locust. They install what deploy/requirements locks, by hash.
#   docker build --target server --tag parity-server:1.0.0 .
#   docker build --target load --tag parity-load:1.0.0 .

FROM python:3.11-slim-bookworm AS base
ENV PATH=/opt/parity/bin:$PATH \
    PYTHONUNBUFFERED=1
WORKDIR /app
RUN groupadd --gid 10001 parity \
    && useradd --uid 10001 --gid parity --home-dir /var/lib/parity --no-create-home parity

# The libraries come before the sources: a change of the code installs nothing again. No pip goes into the image.
FROM base AS server-libraries
COPY deploy/requirements/server.lock /tmp/
RUN python -m venv --without-pip /opt/parity \
    && /usr/local/bin/python -m pip --python /opt/parity/bin/python install --no-cache-dir --only-binary=:all: \
        --require-hashes --requirement /tmp/server.lock

FROM base AS load-libraries
COPY deploy/requirements/load.lock /tmp/
RUN python -m venv --without-pip /opt/parity \
    && /usr/local/bin/python -m pip --python /opt/parity/bin/python install --no-cache-dir --only-binary=:all: \
        --require-hashes --requirement /tmp/load.lock

# Locust, by itself with its page, or as a master or a worker.
FROM base AS load
COPY --from=load-libraries /opt/parity /opt/parity
COPY deploy/health.py deploy/
COPY loadtests loadtests
RUN python -m compileall -q deploy loadtests
USER 10001:10001
EXPOSE 8089
STOPSIGNAL SIGTERM
CMD ["python", "-m", "locust", "-f", "loadtests/locustfile.py"]

# The twins: FastAPI by default, Flask with its command (compose.yaml). The last stage is what a plain build makes.
# A container that is told nothing keeps its sessions in the volume; several containers need Redis (SESSION_STORE).
FROM base AS server
ENV SESSION_STORE=sqlite:////var/lib/parity/sessions.sqlite3
RUN install --directory --owner=parity --group=parity --mode=0700 /var/lib/parity
COPY --from=server-libraries /opt/parity /opt/parity
COPY deploy/health.py deploy/
COPY shared shared
COPY fastapi_impl fastapi_impl
COPY flask_impl flask_impl
RUN python -m compileall -q deploy shared fastapi_impl flask_impl
VOLUME ["/var/lib/parity"]
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --start-interval=1s --retries=3 \
    CMD ["python", "deploy/health.py", "http://127.0.0.1:8000/health"]
# As [fastapi-uvicorn] in loadtests/targets.toml has it; a test compares the two.
CMD ["python", "-m", "uvicorn", "--factory", "fastapi_impl.app:create_app", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "1", "--loop", "uvloop", "--http", "fastapi_impl.protocol:BoundedHead", "--ws", "none", \
     "--lifespan", "on", "--no-access-log", "--backlog", "2048", "--timeout-keep-alive", "75", \
     "--timeout-graceful-shutdown", "30"]
