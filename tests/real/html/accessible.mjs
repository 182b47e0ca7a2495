// axe-core's rules on the page, in both schemes, on a desk and on a telephone, folded and unfolded: `accessible.mjs FOLDER
// [SCHEME WIDTH]`. It is served without Jenkins' policy: under that no script runs, not even axe's own.
import { fold, readers, serve, start } from "./browser.mjs";

// axe is unsure of the colours below words in a picture, of marks and of single digits: contrasts() looks at all words.
const LEFT_TO_US = /^color-contrast: /;

const [folder, scheme, wide] = process.argv.slice(2);
const axe = readers.resolve("axe-core/axe.min.js");
const server = await serve(folder);
const browser = await start();
const looks = [];
for (const colorScheme of scheme ? [scheme] : ["light", "dark"]) {
  for (const width of wide ? [Number(wide)] : [400, 1280]) {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
    await page.goto(server.page);
    await page.addScriptTag({ path: axe });
    for (const open of [false, true]) {
      await fold(page, open);
      const result = await page.evaluate(() => axe.run(document, { resultTypes: ["violations", "incomplete"] }));
      // What is wider than the window makes the reader scroll in two directions.
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      const unsure = of(result.incomplete).filter((words) => !LEFT_TO_US.test(words));
      const name = `${colorScheme}, ${width} px, ${open ? "unfolded" : "folded"}`;
      looks.push({ name, overflow, rules: result.passes.length, violations: of(result.violations), unsure, ...(await contrasts(page)) });
    }
    await page.close();
  }
}
console.log(JSON.stringify(looks));
await browser.close();
server.close();

function of(rules) {
  const why = (node) => node.failureSummary?.split("\n")[1]?.trim();
  return rules.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${why(node)}: ${node.html.slice(0, 200)}`));
}

/// How many elements have words that can be seen, and which of them have less than 4.5:1 by WCAG's formula.
function contrasts(page) {
  return page.evaluate(() => {
    const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
    const luminance = (colour) => {
      const [r, g, b] = channels(colour).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (one, other) => {
      const [light, dark] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
      return (light + 0.05) / (dark + 0.05);
    };
    const below = (node) => {
      const colour = getComputedStyle(node).backgroundColor;
      return channels(colour)[3] === 0 ? below(node.parentElement) : colour;
    };
    const paper = (node) => {
      if (node.namespaceURI.endsWith("/xhtml")) return below(node);
      // Words with a class of their own stand on the bar that is drawn before them, all others on the page.
      const bar = node.previousElementSibling;
      return node.classList.length > 0 && bar?.tagName === "rect" ? getComputedStyle(bar).fill : below(node.closest("div"));
    };
    const ink = (node) => getComputedStyle(node)[node.tagName === "text" ? "fill" : "color"];
    const worded = [...document.body.querySelectorAll("*")].filter(
      (node) => !["title", "desc"].includes(node.tagName) && [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim()) && node.checkVisibility(),
    );
    const pale = worded.flatMap((node) => {
      const [front, back] = [ink(node), paper(node)];
      return ratio(front, back) >= 4.5 ? [] : [`${ratio(front, back).toFixed(2)}: ${front} on ${back}: ${node.outerHTML.slice(0, 120)}`];
    });
    return { looked: worded.length, pale };
  });
}
