// axe-core's rules on the page, in both schemes, on a desk and on a telephone, folded and unfolded: `accessible.mjs FOLDER
// [SCHEME WIDTH]`. It is served without Jenkins' policy: under that no script runs, not even axe's own.
import { fold, readers, serve, start } from "./browser.mjs";

// axe does not tell the colours below words in a picture, nor look at marks: contrasts() does.
const LEFT_TO_US = /^color-contrast: (only non-text characters|element contains an image node)/;

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
  const why = (node) => node.failureSummary?.split("\n")[1]?.replace(/.*(only non-text characters|element contains an image node)/, "$1").trim();
  return rules.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${why(node)}: ${node.target.join(" ")}: ${node.html.slice(0, 200)}`));
}

/// The words of charts, and the marks: how many there are, and those with less than 4.5:1 by WCAG's formula.
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
    // Words on a bar stand behind it in the drawing, and nothing else does.
    const behind = (text) => {
      const bar = text.previousElementSibling;
      return text.classList.length > 0 && bar?.tagName === "rect" ? getComputedStyle(bar).fill : below(text.closest("div"));
    };
    const words = [...document.querySelectorAll("svg text")].map((text) => [text, getComputedStyle(text).fill, behind(text)]);
    const marks = [...document.querySelectorAll("span[aria-hidden]")].map((mark) => [mark, getComputedStyle(mark).color, below(mark)]);
    const all = [...words, ...marks].map(([node, ink, paper]) => ({ node: node.outerHTML.slice(0, 120), ink, paper, ratio: ratio(ink, paper) }));
    return { looked: all.length, pale: all.filter(({ ratio }) => !(ratio >= 4.5)) };
  });
}
