"use strict";
(() => {
  const form = document.querySelector(".filters");
  const rows = [...document.querySelectorAll("[data-row]")];
  const groups = [...document.querySelectorAll("[data-group]")];
  const fields = [...form.querySelectorAll("[name]")];
  const value = name => {
    const field = fields.find(field => field.name === name);
    return field ? field.value : "";
  };
  // What a row says of the chosen stack, or of any: ` stack=mark `.
  const stands = (row, stack, mark) => {
    const marks = row.dataset.marks.split("\n").map(pair => pair.split("\t"));
    return marks.some(([name, found]) => (!stack || name === stack) && (!mark || found === mark));
  };
  const apply = () => {
    const words = value("text").toLowerCase().split(/\s+/).filter(word => word);
    const [stack, mark, level] = ["stack", "mark", "level"].map(value);
    let shown = 0;
    for (const row of rows) {
      row.text = row.text || row.textContent.toLowerCase();
      const fits = words.every(word => row.text.includes(word))
        && (!level || row.dataset.level === level) && stands(row, stack, mark);
      row.hidden = !fits;
      shown += fits;
    }
    for (const group of groups) group.hidden = !group.querySelector("[data-row]:not([hidden])");
    form.querySelector("output").value = shown === rows.length ? `${shown} shown` : `${shown} of ${rows.length} shown`;
    const set = fields.filter(field => field.value).map(field => `${field.name}=${encodeURIComponent(field.value)}`);
    history.replaceState(null, "", set.length ? `#${set.join("&")}` : location.pathname + location.search);
  };
  const read = () => {
    const set = new URLSearchParams(location.hash.slice(1));
    let any = false;
    for (const field of fields) {
      any = any || set.has(field.name);
      if (set.has(field.name)) field.value = set.get(field.name);
    }
    return any;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  for (const button of document.querySelectorAll("[data-mark]")) {
    button.addEventListener("click", () => {
      for (const field of fields) field.value = button.dataset[field.name] || "";
      apply();
      form.scrollIntoView({ block: "start" });
    });
  }
  form.hidden = false;
  if (read()) apply();
  else form.querySelector("output").value = `${rows.length} shown`;
})();
