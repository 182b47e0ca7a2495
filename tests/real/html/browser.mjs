// A real Chromium, and the page on loopback: what the tests, benches/page and ci/pictures open it with.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { extname, join, resolve } from "node:path";

// Where ci/setup puts playwright-core and axe-core.
const packages = process.env.PORTCULLIS_READERS ?? resolve(import.meta.dirname, "../../../.tools/report-readers");
export const readers = createRequire(join(packages, "package.json"));
const { chromium } = readers("playwright-core");

/// What Jenkins sends with each artefact, unless its administrator says otherwise.
export const JENKINS = "sandbox; default-src 'none'; img-src 'self'; style-src 'self'";

const KINDS = { ".html": "text/html", ".css": "text/css", ".png": "image/png", ".json": "application/json" };

/// Serves a folder, under a content policy where one is given. `asked` has every path that was asked for.
export async function serve(folder, policy) {
  const asked = [];
  const server = createServer(async (request, answer) => {
    const path = new URL(request.url, "http://loopback").pathname;
    // Every browser asks every server for that.
    if (path === "/favicon.ico") return answer.writeHead(204).end();
    asked.push(path);
    try {
      const body = await readFile(join(folder, decodeURIComponent(path)));
      answer.setHeader("content-type", KINDS[extname(path)] ?? "application/octet-stream");
      if (policy) answer.setHeader("content-security-policy", policy);
      answer.end(body);
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { page: `http://127.0.0.1:${server.address().port}/index.html`, asked, close: () => server.close() };
}

/// A browser with a profile of its own, that asks nobody for anything.
export function start() {
  return chromium.launch({
    executablePath: process.env.PORTCULLIS_TEST_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/// Whatever a page complains of, as it comes.
export function complaints(page) {
  const all = [];
  page.on("console", (message) => all.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => all.push(`error: ${error.message}`));
  page.on("requestfailed", (request) => all.push(`not loaded: ${request.url()}`));
  return all;
}

/// Folds or unfolds all that folds.
export function fold(page, open) {
  return page.$$eval("details", (all, open) => all.forEach((one) => (one.open = open)), open);
}
