// Bundle every storey's browser code: `<storey>/**/browser/<name>.js|css` → ops/web/static/dist/<name>.js|css.
// A name that starts with "_" is a part that others import, not an entry.

import { build } from "esbuild";
import { mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const ROOT = dirname(fileURLToPath(import.meta.url));
const STOREYS = ["ops", "quality", "scheduling", "metrics", "dashboards"];
const OUT = join(ROOT, "ops/web/static/dist");

function entries(storey) {
  return readdirSync(join(ROOT, storey), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && basename(file.parentPath) === "browser")
    .filter((file) => /^[^_].*\.(js|css)$/.test(file.name))
    .map((file) => join(file.parentPath, file.name));
}

function refuseTwins(files) {
  const seen = new Map();
  for (const file of files) {
    const twin = seen.get(basename(file));
    if (twin) throw new Error(`${relative(ROOT, file)} and ${relative(ROOT, twin)} would be one bundle`);
    seen.set(basename(file), file);
  }
}

// Afterwards, not before: a server that runs meanwhile always finds its files.
function removeStale(outputs) {
  const fresh = new Set(Object.keys(outputs).map((path) => basename(path)));
  for (const name of readdirSync(OUT)) {
    if (!fresh.has(name)) rmSync(join(OUT, name), { recursive: true });
  }
}

function report(outputs) {
  const rows = Object.keys(outputs).map((path) => {
    const bytes = readFileSync(join(ROOT, path));
    return [basename(path), bytes.length / 1024, gzipSync(bytes).length / 1024];
  });
  for (const [name, whole, zipped] of rows.sort((a, b) => a[0].localeCompare(b[0]))) {
    console.log(`${name.padEnd(24)}${whole.toFixed(1).padStart(9)} KB${zipped.toFixed(1).padStart(9)} KB gzipped`);
  }
}

const files = STOREYS.flatMap(entries);
refuseTwins(files);
mkdirSync(OUT, { recursive: true });

const result = await build({
  absWorkingDir: ROOT,
  entryPoints: files.map((file) => ({
    in: file,
    out: basename(file, extname(file)),
  })),
  outdir: relative(ROOT, OUT),
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome120", "firefox121", "safari17.5"],
  // Nothing is fetched from elsewhere: fonts and pictures are copied beside the bundles.
  loader: { ".woff2": "file", ".png": "file", ".svg": "dataurl" },
  assetNames: "[name]-[hash]",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});
removeStale(result.metafile.outputs);
report(result.metafile.outputs);
