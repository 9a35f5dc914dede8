/** Designs of tote bags and where their drawings are filed. */
import { DAY, dateOf, timestampOf } from './calendar.ts';
import type { Random } from './random.ts';
import type { Row } from './rows.ts';
import { uniqueCode } from './unique-code.ts';

const NAMES = 'Bronze Concrete Cotton Fresh Frozen Granite Metal Plastic Rubber Soft Steel Wooden'.split(' ');

export const DIRECTORIES: readonly string[] = [
  '/Applications /Library /Network /System /Users /bin /boot /boot/defaults /dev /etc /etc/defaults /etc/mail',
  '/etc/namedb /etc/periodic /etc/ppp /home /home/user /home/user/dir /lib /lost+found /media /mnt /net /opt',
  '/opt/bin /opt/include /opt/lib /opt/sbin /opt/share /private /private/tmp /private/var /proc /rescue /root',
  '/sbin /selinux /srv /sys /tmp /usr /usr/X11R6 /usr/bin /usr/include /usr/lib /usr/libdata /usr/libexec',
  '/usr/local/bin /usr/local/src /usr/obj /usr/ports /usr/sbin /usr/share /usr/src /var /var/log /var/mail',
  '/var/spool /var/tmp /var/yp',
].flatMap((line) => line.split(' '));

/** A new row of `design`, with a drawing up to two years older than the row. */
export function design({ random, time, design_id }: { random: Random; time: number; design_id: number }): Row {
  const design_name = random.pick(NAMES);
  const drawn = dateOf(time - random.between(1, 730) * DAY).replaceAll('-', '');
  return {
    design_id,
    created_at: timestampOf(time),
    design_name,
    file_location: random.pick(DIRECTORIES),
    file_name: `${design_name.toLowerCase()}-${drawn}-${uniqueCode(design_id, 4)}.json`,
    last_updated: timestampOf(time),
  };
}
