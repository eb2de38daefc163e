// The browser knows its time zone: nobody needs to find it in a long list.
const zone = document.querySelector("select[name=timezone]");
if (zone && !zone.value) {
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone.value) zone.value = "";
}
