# Two images from one checkout, because Rasa 3.6 pins a frozen stack (docs/decisions/two-environments.md).
#   docker build --target handoff -t kefu-handoff .     gateway, faq, migrations
#   docker build --target bot -t kefu-bot .             rasa, actions; trains the model

FROM node:22-slim AS frontend
WORKDIR /kefu/handoff/frontend
COPY handoff/frontend/package.json handoff/frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY handoff/frontend ./
RUN npm run build

FROM python:3.11-slim AS handoff
WORKDIR /kefu
COPY requirements/handoff.txt requirements/
RUN python -m venv .venv/handoff && .venv/handoff/bin/pip install --no-cache-dir --require-hashes -r requirements/handoff.txt
COPY nlp nlp
COPY faq faq
COPY handoff handoff
COPY --from=frontend /kefu/handoff/static handoff/static
RUN useradd --system --uid 10001 kefu && install -d -o kefu -m 0700 /var/lib/kefu
USER kefu
ENV PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1
CMD [".venv/handoff/bin/python", "-m", "handoff"]

FROM python:3.10-slim AS bot
WORKDIR /kefu
COPY requirements/bot.txt requirements/
RUN python -m venv .venv/bot && .venv/bot/bin/pip install --no-cache-dir --require-hashes -r requirements/bot.txt
COPY nlp nlp
COPY bot bot
COPY handoff/__init__.py handoff/client.py handoff/
COPY handoff/domain handoff/domain
COPY config.yml domain.yml endpoints.yml credentials.yml ./
ENV PYTHONUNBUFFERED=1 PYTHONPATH=/kefu OMP_NUM_THREADS=1 TF_CPP_MIN_LOG_LEVEL=3 LOG_LEVEL=WARNING RASA_TELEMETRY_ENABLED=false
RUN .venv/bot/bin/python -m bot train --data bot/data --out bot/models --fixed-model-name kefu
RUN useradd --system --uid 10001 --create-home kefu
USER kefu
CMD [".venv/bot/bin/python", "-m", "bot", "run", "-i", "0.0.0.0", "--model", "bot/models", "--credentials", "credentials.yml", "--endpoints", "endpoints.yml"]
