// axe-core's rules on the page, in both schemes, on a desk and on a telephone, folded and unfolded. It is served without
// Jenkins' policy: under that no script runs, not even axe's own.
import { fold, readers, serve, start } from "./browser.mjs";

const axe = readers.resolve("axe-core/axe.min.js");
const server = await serve(process.argv[2]);
const browser = await start();
const looks = [];
for (const colorScheme of ["light", "dark"]) {
  for (const width of [400, 1280]) {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
    await page.goto(server.page);
    await page.addScriptTag({ path: axe });
    for (const open of [false, true]) {
      await fold(page, open);
      const result = await page.evaluate(() => axe.run(document, { resultTypes: ["violations", "incomplete"] }));
      const name = `${colorScheme}, ${width} px, ${open ? "unfolded" : "folded"}`;
      // What is wider than the window makes the reader scroll in two directions.
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      looks.push({ name, overflow, rules: result.passes.length, violations: of(result.violations), incomplete: of(result.incomplete) });
    }
    await page.close();
  }
}
console.log(JSON.stringify(looks));
await browser.close();
server.close();

function of(rules) {
  return rules.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary?.split("\n")[1]?.trim()}: ${node.html.slice(0, 200)}`),
  );
}
