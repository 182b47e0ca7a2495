// node ci/picture.mjs PAGE PNG [OPTIONS]: a part of a page as Chromium draws it.
//   --width N --height N   the window (default: 1000 wide, as high as the page)
//   --dark                 in dark colours
//   --part SELECTOR        this element alone
//   --scale N              scale factor (default: 1)
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
// Viewers with scripts draw after they are loaded.
await page.waitForTimeout(500);
// Parts below the window may not be laid out, so the window is made as high as the page.
if (!values.height) {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: Number(values.width), height });
}
if (values.part) await page.locator(values.part).first().screenshot({ path: to });
else await page.screenshot({ path: to });
await browser.close();
