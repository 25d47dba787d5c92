# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Test::More;

my $csv = <<'END';
id,method,seed,n,nmi,davies_bouldin
1,vae,1,9,0.5,2
2,vae,2,9,0.75,3
3,pca,1,9,0.55,1.5
4,"a|b,c",1,9,,1.75
END
sub board { return runs("from-csv --keep-columns | scoreboard --same-space $_[0]", $csv) }
is(board(''), <<'END', 'text: mean and deviation (n - 1), the best has a star, lowest Davies-Bouldin');
method  nmi               davies_bouldin
vae     0.6250 ± 0.1768*  2.5000 ± 0.7071
pca     0.5500            1.5000*
a|b,c   -                 1.7500
END
is(board('--format markdown -d 2'), <<'END', 'Markdown');
| method | nmi             | davies_bouldin |
|---|---|---|
| vae    | **0.62 ± 0.18** | 2.50 ± 0.71    |
| pca    | 0.55            | **1.50**       |
| a\|b,c | -               | 1.75           |
END
is(board('--format csv'), <<'END', 'CSV has all digits, and says the best by 1');
method,runs,nmi,nmi.std,nmi.best,davies_bouldin,davies_bouldin.std,davies_bouldin.best
vae,2,0.625,0.1767766952966369,1,2.5,0.7071067811865476,0
pca,1,0.55,0,0,1.5,0,1
"a|b,c",1,,,0,1.75,0,0
END
is(board('--columns davies_bouldin --lower "" -d 1'), "method  davies_bouldin\nvae     2.5 ± 0.7*\npca     1.5\na|b,c   1.8\n",
    'chosen columns; the highest is the best');
is((split /\n/, board('--by method,seed --columns nmi'))[2], 'vae     2     0.7500*', 'one line per method and seed');
refuses(6, qr/1: no field way; give --by/, 'from-csv --keep-columns | scoreboard --by way', $csv, 1);
refuses(2, qr/--by '' has an empty word/, 'scoreboard --by ""');
my ($status, $out) = run("from-csv --keep-columns | head -c 200 | scoreboard --output $tmp/board.txt", $csv);
is($status, 3, 'a cut stream gives no table');
ok(!-e "$tmp/board.txt", 'and no file');
is(runs("from-json | metrics --id a --set method=x | scoreboard --columns clusters",
    join '', map { qq({"id":"$_","x":[$_],"cluster":) . $_ % 2 . "}\n" } 1 .. 6), "method  clusters\nx       2.0000\n",
    'reads what metrics writes');

my $typo = qq(id,method,nmi,silhouette,nmi.genre\n1,a,1,2,3\n2,b,2,3,4\n);
refuses(6, qr/^scoreboard: --columns: no run has a score silhouete; did you mean silhouette\?$/m, 'from-csv --keep-columns | scoreboard --columns nmi,silhouete', $typo);
my ($code, $table, $note) = run('from-csv --keep-columns | scoreboard --columns nmi --lower nim', $typo);
like($note, qr/^scoreboard: --lower: no run has a score nim; did you mean nmi\?$/m, '--lower: a note');

# Silhouettes of unlike vectors are not compared, unless they are said to be alike; no column of reasons that there are not.
my $spaces = qq({"id":"1","method":"a","silhouette":0.9,"nmi":0.1,"reason":null}\n{"id":"2","method":"b","silhouette":0.2,"nmi":0.5,"reason":null}\n);
is(runs('from-json | scoreboard -d 1', $spaces), "method  silhouette  nmi\na       0.9         0.1\nb       0.2         0.5*\n", 'no star for a silhouette');
is(runs('from-json | scoreboard -d 1 --same-space', $spaces), "method  silhouette  nmi\na       0.9*        0.1\nb       0.2         0.5*\n", '--same-space');
done_testing;
