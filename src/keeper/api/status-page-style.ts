// The look of the status page; light and dark by what the reader's system says.

export const statusPageStyle = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f8f7f4, #131413); --surface: light-dark(#fff, #1c1e1c); --line: light-dark(#dcd8d0, #3a3e3a);
  --text: light-dark(#1d1c1a, #edece7); --muted: light-dark(#5d5952, #aaa89f); --accent: light-dark(#0b6b66, #6fd3c8);
  --good: light-dark(#17663a, #83d9a4); --good-soft: light-dark(#ddf1e3, #17321f);
  --warn: light-dark(#774a00, #f2c46c); --warn-soft: light-dark(#fcedc9, #382b10);
  --bad: light-dark(#a5271b, #ff9f94); --bad-soft: light-dark(#fbe5e2, #40201c);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, "Liberation Sans", sans-serif; }
main { max-width: 880px; margin: 0 auto; padding: 40px 16px; }
header { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; justify-content: space-between; }
h1 { margin: 0; font-size: 24px; } h1 small { color: var(--muted); font-size: 14px; font-weight: 400; }
h2 { margin: 0 0 8px; font-size: 17px; }
p { margin: 8px 0; } .lead { font-size: 18px; overflow-wrap: anywhere; }
.state { margin: 0; padding: 4px 14px; border-radius: 99px; font-weight: 600; }
.good { color: var(--good); background: var(--good-soft); }
.warn { color: var(--warn); background: var(--warn-soft); }
.bad { color: var(--bad); background: var(--bad-soft); }
section { margin-top: 24px; padding: 16px 20px; border: 1px solid var(--line); border-radius: 12px; background: var(--surface); }
progress { width: 100%; height: 14px; accent-color: var(--accent); }
dl { margin: 0; } dl div { display: flex; flex-wrap: wrap; gap: 0 16px; padding: 6px 0; border-top: 1px solid var(--line); }
dl div:first-child { border-top: 0; }
dt { flex: 0 0 120px; color: var(--muted); } dd { flex: 1 1 300px; margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } table { width: 100%; border-collapse: collapse; font-size: 15px; }
th, td { padding: 6px 12px 6px 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { border-top: 0; color: var(--muted); font-weight: 400; }
pre { margin: 8px 0; padding: 10px 12px; overflow-x: auto; border-radius: 8px; background: var(--ground); font: 14px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
code { font: 0.9em ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
a { color: var(--accent); } ul { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 8px 0 0; padding: 0; list-style: none; }
`;
