// Kept free of the characters that XML escapes, so that the page parses as XML too.
(function () {
  "use strict";
  function key(row, column) {
    var cell = row.cells[column];
    var sort = cell.getAttribute("data-sort");
    return sort === null ? cell.textContent : sort;
  }
  function compare(a, b) {
    if (a === "" || b === "") { return (a === "" ? 1 : 0) - (b === "" ? 1 : 0); }
    var x = Number(a), y = Number(b);
    if (!isNaN(x) ? !isNaN(y) : false) { return x - y; }
    return a.localeCompare(b, undefined, { numeric: true });
  }
  function sortBy(table, column, up) {
    var body = table.tBodies[0];
    var rows = Array.from(body.rows);
    rows.sort(function (a, b) {
      var x = key(a, column), y = key(b, column);
      if (x === "" || y === "") { return compare(x, y); }
      return up ? compare(x, y) : compare(y, x);
    });
    rows.forEach(function (row) { body.appendChild(row); });
  }
  document.querySelectorAll("table.sortable").forEach(function (table) {
    Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
      var text = head.innerHTML;
      head.innerHTML = "";
      var button = document.createElement("button");
      button.type = "button";
      button.innerHTML = text;
      head.appendChild(button);
      button.addEventListener("click", function (event) {
        if (event.target.closest("a")) { return; }
        var numeric = head.classList.contains("num");
        var now = head.getAttribute("aria-sort");
        var up = now ? now === "descending" : !numeric;
        Array.from(head.parentNode.cells).forEach(function (other) {
          other.removeAttribute("aria-sort");
        });
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        sortBy(table, column, up);
      });
    });
  });

  var tip = document.getElementById("tip");
  function hide() { tip.hidden = true; }
  function show(event) {
    var place = event.currentTarget.getBoundingClientRect();
    tip.textContent = event.currentTarget.getAttribute("data-tip");
    tip.hidden = false;
    var width = tip.offsetWidth, height = tip.offsetHeight;
    var room = document.documentElement.clientWidth - width - 12;
    var left = Math.max(12, Math.min(place.left, room));
    var above = place.top - height - 8;
    var top = above > 8 ? above : place.bottom + 8;
    tip.style.left = left + "px";
    tip.style.top = top + "px";
  }
  document.querySelectorAll(".term").forEach(function (link) {
    link.addEventListener("mouseenter", show);
    link.addEventListener("focus", show);
    link.addEventListener("mouseleave", hide);
    link.addEventListener("blur", hide);
  });
  window.addEventListener("scroll", hide, { passive: true });

  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details:not(.long)").forEach(function (fold) {
      fold.open = true;
    });
  });

  var links = Array.from(document.querySelectorAll(".toc a"));
  var marks = links.map(function (link) {
    return document.getElementById(link.getAttribute("href").slice(1));
  });
  function follow() {
    var current = -1;
    marks.forEach(function (mark, position) {
      if (140 > mark.getBoundingClientRect().top) { current = position; }
    });
    links.forEach(function (link, position) {
      link.classList.toggle("here", position === current);
    });
  }
  window.addEventListener("scroll", follow, { passive: true });
  follow();
})();
