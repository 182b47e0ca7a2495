// node ci/picture.mjs PAGE PNG [OPTIONS]: a part of a page as Chromium draws it.
//   --width N --height N   the window (default: 1000 wide, as high as the page)
//   --dark                 for a reader whose system is dark
//   --part SELECTOR        this element alone
//   --scale N              pixels a pixel (default: 1)
//   --run SCRIPT           run it in the page first: to scroll, to unfold
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { start } from "../tests/real/html/browser.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    width: { type: "string", default: "1000" },
    height: { type: "string" },
    dark: { type: "boolean", default: false },
    part: { type: "string" },
    scale: { type: "string", default: "1" },
    run: { type: "string" },
  },
});
const [from, to] = positionals;
const browser = await start();
const page = await browser.newPage({
  colorScheme: values.dark ? "dark" : "light",
  deviceScaleFactor: Number(values.scale),
  viewport: { width: Number(values.width), height: Number(values.height ?? 800) },
});
await page.goto(pathToFileURL(from).href);
if (values.run) await page.evaluate(values.run);
// Viewers that are scripts draw after they are loaded.
await page.waitForTimeout(500);
// What is below the window may not be laid out: the window is made as high as the page.
if (!values.height) {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: Number(values.width), height });
}
if (values.part) await page.locator(values.part).first().screenshot({ path: to });
else await page.screenshot({ path: to });
await browser.close();
