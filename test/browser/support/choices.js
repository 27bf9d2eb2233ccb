// Runs in the page: choices of closed lists whose words would not be shown whole, if they were the chosen ones. `lists` are the lists, as a selector.
(() => {
  const arrow = 20;
  const pen = document.createElement('canvas').getContext('2d');
  return [...document.querySelectorAll(globalThis.lists)]
    .filter((select) => select.checkVisibility())
    .flatMap((select) => {
      const { font, paddingLeft, paddingRight } = getComputedStyle(select);
      pen.font = font;
      const room = select.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - arrow;
      return [...select.options]
        .filter(({ text }) => pen.measureText(text).width > room)
        .map(
          ({ text }) => `${select.id} (${Math.floor(room)} px): ${text} (${Math.ceil(pen.measureText(text).width)})`,
        );
    });
})();
